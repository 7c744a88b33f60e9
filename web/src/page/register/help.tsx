import type { ReactNode } from "react";

// helps are what the panel says of each step: what is made, and why.
export const helps: Record<string, [string, ReactNode]> = {
  method: [
    "Choosing a method",
    <>
      <p>However an account is registered, it ends in the same checks, and bursar reads the same things. The methods differ in who makes the role and with which tool.</p>
      <p>CloudFormation and Terraform can be taken back as a whole: deleting the stack, or terraform destroy, removes everything but the bucket with the bills in it.</p>
      <p>You can leave at any time: the registration goes on where it stands.</p>
    </>,
  ],
  details: [
    "Basic details",
    <>
      <p>Registering makes a record in bursar and an external id for this account. Nothing is done in AWS yet.</p>
      <p>bursar refuses an account, or a name, that is registered already.</p>
      <p>Which kind of account it is need not be known: bursar finds out whether it is a payer, linked or standalone as soon as it gets in.</p>
    </>,
  ],
  access: [
    "What is made for API access",
    <>
      <p>One IAM role under /bursar/ with read-only rights. There is nothing in it that could change something, read data of yours, or widen its own rights.</p>
      <p>It trusts bursar&apos;s own identity alone, and only with the external id that bursar made for this account. So nobody else can use the role, not even through bursar. The id cannot be chosen, because whoever could choose it could reach other people&apos;s accounts.</p>
      <p>Check and confirm tries the role. Then it tries it without the external id and with a wrong one, and both must be refused: a role that lets them in is reported as insecure, and nothing else is done with it.</p>
      <p>It costs nothing.</p>
    </>,
  ],
  export: [
    "What is made for the bill",
    <>
      <p>A bucket that is closed to the public and encrypted; a CUR 2.0 export that AWS writes into it, at least daily; and a role that reads this export&apos;s folder and nothing beside it. You pay AWS for the storage.</p>
      <p>Exports are made in one region, whatever you choose: AWS has their service nowhere else. That is why a bucket in another region takes a stack of its own.</p>
      <p>An export that is there already is left as it is. bursar judges what it has, property by property, and makes only the role that reads it.</p>
      <p>An account follows one export at a time. When it changes, months that were imported before stay until the new export brings them: no month counts twice.</p>
    </>,
  ],
  members: [
    "What is made for linked accounts",
    <>
      <p>Costs of linked accounts are in the payer&apos;s bill already. This step is for what the bill does not tell: their inventory, and their own state. It can be skipped, and done at any later time.</p>
      <p>A StackSet makes one role in each linked account, with an external id of its own, derived from the payer&apos;s. AWS leaves the payer itself out: it has its role from the access step.</p>
      <p>With automatic deployment new accounts get the role by themselves, and bursar registers them as they come.</p>
      <p>Where one account fails, the others stay. The table says why it failed; after mending it, retry in AWS and try the ones that lack it again here.</p>
    </>,
  ],
  done: ["From here on", <p>bursar checks every account on a schedule. What breaks, since when, and what to do is on the account&apos;s page; set-up can be opened again from there at any time.</p>],
  list: [
    "The list",
    <>
      <p>CSV, as spreadsheets write it. The first line names the columns, in any order: account_id and name must be there; method, role_arn and partition may be.</p>
      <p>Spreadsheets drop leading zeros of account ids: format the column as text.</p>
      <p>An external id is never read from a list: bursar makes one for each account.</p>
    </>,
  ],
  answers: ["The answers", <p>What is registered already, just like that, stays as it is. So mend the lines that were refused, and send all again.</p>],
};
