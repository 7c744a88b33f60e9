package api

import (
	"github.com/bursarhq/bursar"
	"github.com/bursarhq/bursar/internal/auth"
)

const twelveDigits = "^[0-9]{12}$"

var accountWords = map[string]wording{
	"Account.id":              {text: "bursar's own id of the account: acc_…"},
	"Account.account_id":      {text: "The AWS account: 12 digits, always text.", pattern: twelveDigits},
	"Account.name":            {text: "Its name, unique in the workspace.", longest: bursar.MaxAccountName},
	"Account.partition":       {text: "The AWS cloud that it is in.", enum: words(partitions...)},
	"Account.kind":            {text: "What it is to its bill; unknown until a check has told.", enum: words(bursar.KindUnknown, bursar.KindPayer, bursar.KindLinked, bursar.KindStandalone)},
	"Account.method":          {text: "How it was registered.", enum: methodWords()},
	"Account.external_id":     {text: "Its external id, which bursar generated. Shown to those who may manage accounts."},
	"Account.role_arn":        {text: "The role by which bursar reaches it."},
	"Account.payer_id":        {text: "The account that pays for it: 12 digits. Absent while unknown."},
	"Account.organization_id": {text: "Its organization: o-…. Absent while unknown."},
	"Account.created_at":      {text: "When it was registered."},
	"Account.updated_at":      {text: "When it was changed last."},
	"Account.version":         {text: "Grows with every change."},
	"Account.status":          {text: "What its newest findings amount to."},
	"Account.findings":        {text: "The newest finding of each check. Present when one account is asked for."},
	"Account.payer":           {text: "The account that pays for it, when that is registered too. Present when one account is asked for."},
	"Account.setup":           {text: "What to do next in AWS. Present when the account was just registered."},

	"NewAccount.account_id": {text: "The AWS account: 12 digits, as text, leading zeros included.", pattern: twelveDigits},
	"NewAccount.name":       {text: "A name that people recognise, unique in the workspace.", longest: bursar.MaxAccountName},
	"NewAccount.method":     {text: "How access will be set up; console by default.", enum: words(methods...)},
	"NewAccount.role_arn":   {text: "With the method role: the ARN of the role that bursar shall assume, in the account."},
	"NewAccount.partition":  {text: "The AWS cloud that the account is in; aws by default.", enum: words(partitions...)},

	"NewAccountRow.account_id": {text: "The AWS account: 12 digits, as text, leading zeros included. It must be there."},
	"NewAccountRow.name":       {text: "A name that people recognise, unique in the workspace. It must be there."},
	"NewAccountRow.method":     {text: "How access will be set up; console by default."},
	"NewAccountRow.role_arn":   {text: "With the method role: the ARN of the role that bursar shall assume, in the account."},
	"NewAccountRow.partition":  {text: "The AWS cloud that the account is in; aws by default."},

	"NewName.name": {text: "Its new name, unique in the workspace.", longest: bursar.MaxAccountName},

	"Problem.code": {enum: codes},
}

var identityWords = map[string]wording{
	"NewKey.role":          {enum: words(auth.Roles...)},
	"NewRole.role":         {enum: words(auth.Roles...)},
	"NewInvitation.role":   {enum: words(auth.Roles...)},
	"Workspace.id":         {text: "ws_…"},
	"Workspace.name":       {text: "Its name, for people.", longest: bursar.MaxAccountName},
	"Workspace.created_at": {text: "When it was made."},
	"NewKey.name":          {longest: bursar.MaxAccountName},
}

var auditWords = map[string]wording{
	"AuditEntry.workspace_id": {text: "The workspace whose log it is in."},
	"AuditEntry.seq":          {text: "1, 2, 3… without a gap."},
	"AuditEntry.at":           {text: "When it was done."},
	"AuditEntry.actor":        {text: "Who did it."},
	"AuditEntry.action":       {text: "The operation of this API, or what bursar did by itself: assumeRole."},
	"AuditEntry.outcome":      {text: "How it ended.", enum: words(bursar.OutcomeDone, bursar.OutcomeRefused, bursar.OutcomeFailed)},
	"AuditEntry.target":       {text: "The id of what it was done to."},
	"AuditEntry.reason":       {text: "Why it was refused or failed. Stable."},
	"AuditEntry.times":        {text: "How many equal refusals the line stands for. Absent when it is one."},
	"AuditEntry.request_id":   {text: "The request: the X-Request-Id of its answer."},
	"AuditEntry.from":         {text: "The network address that it came from."},
	"AuditEntry.before":       {text: "The target before. Secrets are redacted."},
	"AuditEntry.after":        {text: "The target after. Secrets are redacted."},
	"AuditEntry.previous":     {text: "The hash of the line before; empty in the first."},
	"AuditEntry.hash":         {text: "SHA-256, in hexadecimal, of this line as JSON with an empty hash."},

	"Actor.kind": {text: "What it is.", enum: words(bursar.ActorUser, bursar.ActorKey, bursar.ActorSystem, bursar.ActorAnonymous)},
	"Actor.id":   {text: "Its id: usr_…, or a key's."},
	"Actor.name": {text: "A person's e-mail address, or a key's name."},
}

var statusWords = map[string]wording{
	"Status.summary":      {text: "The worst of its capabilities.", enum: words(bursar.SummaryPending, bursar.SummaryConnected, bursar.SummaryAttention, bursar.SummaryBroken, bursar.SummaryInsecure)},
	"Status.capabilities": {text: "The state of each capability: not_set_up, waiting, ok, late, degraded, failed or insecure."},
	"Status.data_arrival": {text: "Whether billing data comes in. Absent where none is due.", enum: words(bursar.ArrivalAwaiting, bursar.ArrivalLate, bursar.ArrivalFailed, bursar.ArrivalReceiving, bursar.ArrivalStale)},
	"Status.checked_at":   {text: "When the newest finding was made. Absent before the first check."},
}

var findingWords = map[string]wording{
	"Finding.id":         {text: "fnd_…"},
	"Finding.run_id":     {text: "The run that made it."},
	"Finding.check":      {text: "The check: assume_role, organization…"},
	"Finding.capability": {text: "What the check is about.", enum: capabilities},
	"Finding.status":     {text: "How good or bad it is.", enum: words(bursar.StatusOK, bursar.StatusWaiting, bursar.StatusWarning, bursar.StatusFailed, bursar.StatusUnknown, bursar.StatusSkipped)},
	"Finding.code":       {text: "Stable, for programs: insecure_trust."},
	"Finding.message":    {text: "What was seen, naming the account and the AWS action."},
	"Finding.remedy":     {text: "What to do, with the exact text, link or command."},
	"Finding.evidence":   {text: "Facts for people. Never a secret."},
	"Finding.at":         {text: "When it was made."},
	"Finding.since":      {text: "Since when the check has answered so without a break."},
}

var runWords = map[string]wording{
	"Run.id":          {text: "run_…"},
	"Run.kind":        {text: "What is done: check, import, members, members_failed, sync, source."},
	"Run.account_id":  {text: "bursar's id (acc_…) of the account that it is about, or of the source (src_…). Absent when it is about nothing."},
	"Run.state":       {text: "Where it stands; the last four are final.", enum: words(bursar.RunQueued, bursar.RunRunning, bursar.RunSucceeded, bursar.RunPartial, bursar.RunFailed, bursar.RunCancelled)},
	"Run.progress":    {text: "How far it has come."},
	"Run.error":       {text: "Why it failed, or why it is tried again."},
	"Run.attempt":     {text: "1 for the first; 0 before it."},
	"Run.created_at":  {text: "When it was asked for."},
	"Run.started_at":  {text: "When the newest attempt began. Absent before the first."},
	"Run.finished_at": {text: "When it ended. Absent before."},

	"Progress.step":  {text: "What is being done, for people."},
	"Progress.done":  {text: "How much is done, of total, in unit."},
	"Progress.total": {text: "How much there is to do. Absent while unknown."},
	"Progress.unit":  {text: "What is counted: checks, bytes."},
	"Progress.rows":  {text: "Line items read so far."},

	"Progress.rows_per_second": {text: "How fast they are read. Absent while unknown."},
	"Progress.seconds_left":    {text: "How long it will take, at this speed. Absent while unknown."},

	"RunError.code":    {text: "Stable, for programs."},
	"RunError.message": {text: "What was wrong."},
	"RunError.hint":    {text: "What to do."},
}

var costWords = map[string]wording{
	"Note.code":    {text: "Stable, for programs: net_not_delivered."},
	"Note.message": {text: "What to know, for people."},
}

var exportWords = map[string]wording{
	"Export.id":           {text: "exp_…"},
	"Export.account_id":   {text: "bursar's id (acc_…) of the account that has it."},
	"Export.name":         {text: "AWS's report or export name."},
	"Export.arn":          {text: "AWS's ARN of it, where it has one."},
	"Export.format":       {text: "The family of its line items.", enum: words(bursar.FormatLegacy, bursar.FormatCUR2, bursar.FormatFOCUS10, bursar.FormatFOCUS12)},
	"Export.file_format":  {text: "How its files are written.", enum: words(bursar.FileCSV, bursar.FileParquet)},
	"Export.versioning":   {text: "What AWS does with the former delivery of a period.", enum: words(bursar.CreateNew, bursar.Overwrite)},
	"Export.bucket":       {text: "The bucket that it is delivered to."},
	"Export.bucket_owner": {text: "The bucket's account, which every request pins: 12 digits."},
	"Export.region":       {text: "The bucket's region."},
	"Export.prefix":       {text: "The prefix of its keys, exactly as AWS has it."},
	"Export.role_arn":     {text: "The role that reads its files."},
	"Export.created_at":   {text: "When bursar began to follow it."},
	"Export.followed":     {text: "Whether its deliveries are asked for; false for one that was followed before."},
	"Export.preferred_at": {text: "When it was made primary: its costs count before those of other exports. Absent when it was not."},
	"Export.overlaps":     {text: "Other exports that bring the same costs. They are never added."},
	"Overlap.export_id":   {text: "The other export: exp_…"},
	"Overlap.counts":      {text: "Whether this export's costs count, rather than the other's."},
	"Overlap.periods":     {text: "In which both bring them: YYYY-MM, ascending."},
	"Overlap.accounts":    {text: "How many accounts' costs both bring."},
}

var deliveryWords = map[string]wording{
	"Delivery.id":           {text: "dlv_…"},
	"Delivery.export_id":    {text: "The export that delivered it: exp_…"},
	"Delivery.period":       {text: "The billing period: YYYY-MM.", pattern: "^[0-9]{4}-(0[1-9]|1[0-2])$"},
	"Delivery.version":      {text: "AWS's name for this version: an assembly or execution id."},
	"Delivery.state":        {text: "published counts; superseded was replaced; rejected never counted.", enum: words(bursar.DeliveryPublished, bursar.DeliverySuperseded, bursar.DeliveryRejected)},
	"Delivery.reason":       {text: "Why it was rejected."},
	"Delivery.manifest_key": {text: "The key of its manifest in the bucket."},
	"Delivery.delivered_at": {text: "When AWS wrote the manifest."},
	"Delivery.imported_at":  {text: "When bursar imported it."},
	"Delivery.files":        {text: "How many files it has."},
	"Delivery.source_bytes": {text: "Their size, as delivered."},
	"Delivery.rows":         {text: "Its line items."},
	"Delivery.totals":       {text: "Unblended cost by currency: exact decimals, as text."},
	"Delivery.collected_at": {text: "When its files were removed. Absent while it can count again."},
	"Delivery.changed":      {text: "What it changed against the delivery that counted before. Absent for the first of its period."},
	"Restatement.against":   {text: "The delivery before: dlv_…"},
	"Restatement.rows":      {text: "How many line items more, or fewer."},
	"Restatement.totals":    {text: "How much more unblended cost, or less, by currency: exact decimals, as text."},
	"Change.day":            {text: "YYYY-MM-DD."},
	"Change.service":        {text: "The service, as costs are grouped by it."},
	"Change.currency":       {text: "ISO 4217."},
	"Change.before":         {text: "Unblended cost in the delivery before: exact decimal, as text."},
	"Change.after":          {text: "Unblended cost in this one."},
}

var memberWords = map[string]wording{
	"Member.account_id":         {text: "The AWS account: 12 digits.", pattern: twelveDigits},
	"Member.name":               {text: "Its name in the organization."},
	"Member.organization_state": {text: "AWS's own word for it: ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED, PENDING_ACTIVATION. Empty when it is not in the organization."},
	"Member.state":              {text: "Whether bursar can read it.", enum: words(memberStates...)},
	"Member.code":               {text: "Stable, for programs: why it is in this state."},
	"Member.message":            {text: "The same for people."},
	"Member.remedy":             {text: "What to do."},
	"Member.registered_as":      {text: "bursar's id (acc_…) of the account. Absent while it is not registered."},
	"Member.joined_at":          {text: "When it came into the organization."},
	"Member.first_seen_at":      {text: "When bursar saw it first."},
	"Member.checked_at":         {text: "When it was looked at last. Absent before."},
	"Member.since":              {text: "Since when it has been in this state."},
}

var eventWords = map[string]wording{
	"Event.id":         {text: "evt_…"},
	"Event.account_id": {text: "bursar's id (acc_…) of the account that it is about."},
	"Event.about":      {text: "What has changed.", enum: words(bursar.AboutSummary, bursar.AboutCapability, bursar.AboutArrival, bursar.AboutKind, bursar.AboutPayer, bursar.AboutAccess, bursar.AboutMember)},
	"Event.subject":    {text: "Which capability, or which member's account id, where about needs one."},
	"Event.from":       {text: "What it was before. Absent at the first time."},
	"Event.to":         {text: "What it is since."},
	"Event.since":      {text: "Since when it has been so."},
	"Event.finding_id": {text: "The finding behind it: fnd_…"},
	"Event.code":       {text: "That finding's code."},
	"Event.message":    {text: "That finding's message."},
	"Event.run_id":     {text: "The run that saw it: run_…"},
	"Event.at":         {text: "When bursar saw it."},
}
