package billgen

// fillSingle fills in a block of one line.
func (b *Bill) fillSingle(k *block, l *Line) {
	l.Start = b.start + int64(k.from)*3600
	l.End = l.Start + 3600
	l.UnblendedCost, l.BlendedCost = k.cost, k.cost
	switch k.kind {
	case reservationFee:
		b.fillReservationFee(&b.reservations[k.index], l)
	case upfrontFee:
		b.fillUpfrontFee(&b.reservations[k.index], l)
	case planUpfront:
		b.fillPlanUpfront(&b.plans[k.index], l)
	case taxBlock:
		b.fillTax(k, l)
	case discountBlock:
		b.fillDiscount(k, l)
	case supportBlock:
		b.fillSupport(l)
	case creditBlock, refundBlock:
		b.fillCredit(k, l)
	case marketplaceLine:
		b.fillMarketplace(k, l)
	}
	if l.IntervalEnd == 0 {
		l.IntervalStart, l.IntervalEnd = l.Start, l.End
	}
}

// month makes the line cover the billing period; its interval is the first day, as it is for tax.
func (b *Bill) month(l *Line) {
	l.Start, l.End = b.start, b.start+int64(b.hours)*3600
	l.IntervalStart, l.IntervalEnd = l.Start, l.Start+24*3600
}

func (b *Bill) reservationOf(l *Line, r *reservation) {
	l.Reservation.ARN = "arn:aws:ec2:" + regions[r.region].code + ":" + b.acc[r.account].ID + ":reserved-instances/" + uuid(r.id)
	l.Reservation.SubscriptionID = digits(r.id, 10)
	l.Reservation.StartTime, l.Reservation.EndTime = r.times()
	l.Reservation.ModificationStatus = "Original"
	l.Reservation.Number = Amount(r.count * int(one)).String()
}

func (b *Bill) reservationProduct(l *Line, r *reservation) {
	s := &services[r.service]
	m := &s.meters[r.meter]
	b.describe(l, s, m, r.region, r.id)
	b.reservationOf(l, r)
	l.ResourceID, l.Zone = l.Reservation.ARN, ""
	l.UsageType = regions[r.region].prefix + "HeavyUsage:" + m.instance
	l.Term, l.PurchaseOption, l.LeaseLength, l.Offering = "Reserved", r.payment, "1yr", "standard"
	l.NormalizationFactor = amount(instanceFactor(m.instance))
}

func (b *Bill) fillReservationFee(r *reservation, l *Line) {
	b.reservationProduct(l, r)
	from, to := r.active(b)
	owned := Amount((to - from) * r.count)
	unused := owned - Amount(r.used(b))
	l.Type = RIFee
	l.Description = "USD " + r.recurring.String() + " hourly fee per Linux/UNIX (Amazon VPC), " + l.InstanceType + " instance"
	l.UsageAmount, l.NormalizedAmount = owned*one, owned*l.NormalizationFactor
	l.UnblendedRate, l.BlendedRate = r.recurring, r.recurring
	l.UnblendedCost, l.BlendedCost = owned*r.recurring, owned*r.recurring
	v := &l.Reservation
	v.AmortizedForPeriod = owned * r.upfront
	v.UnusedAmortized, v.UnusedRecurring = unused*r.upfront, unused*r.recurring
	v.UnusedQuantity, v.UnusedNormalized = unused*one, unused*l.NormalizationFactor
	v.UpfrontValue = r.upfront * hoursPerYear * Amount(r.count)
	v.TotalUnits, v.Units = (owned * one).String(), Amount(int64(to-from)*int64(one)).String()
	v.NormalizedUnits, v.TotalNormalizedUnits = l.NormalizationFactor.String(), (owned * l.NormalizationFactor).String()
	l.Start = max(r.start, b.start)
	l.End = b.start + int64(b.hours)*3600 - 1
}

func (b *Bill) fillUpfrontFee(r *reservation, l *Line) {
	b.reservationProduct(l, r)
	l.Type = Fee
	l.Description = "Sign up charge for subscription: " + l.Reservation.SubscriptionID
	l.UsageAmount = Amount(r.count) * one
	l.UnblendedCost = r.upfront * hoursPerYear * Amount(r.count)
	l.BlendedCost = l.UnblendedCost
	l.UnblendedRate = r.upfront * hoursPerYear
	l.Reservation.UpfrontValue = l.UnblendedCost
	l.Start, l.End = r.start, r.start+1
	l.BillType = "Purchase"
}

func (b *Bill) fillPlanUpfront(p *plan, l *Line) {
	b.planProduct(l, p)
	l.Type = SavingsPlanUpfrontFee
	l.Description = "1 year " + p.payment + " Compute Savings Plan"
	l.UsageAmount = one
	l.UnblendedCost = p.upfront * hoursPerYear
	l.BlendedCost = l.UnblendedCost
	l.Start, l.End = p.start, p.start+1
	l.BillType = "Purchase"
}

// serviceOf fills in a service without a meter.
func serviceOf(l *Line, i int32) {
	s := &services[i]
	l.ProductCode, l.ServiceName = s.code, s.name
	l.Product = []Pair{{"servicename", s.name}}
}

func (b *Bill) fillTax(k *block, l *Line) {
	serviceOf(l, k.service)
	l.Type, l.TaxType = Tax, "USSalesTax"
	l.Description = "Tax for product code " + l.ProductCode
	l.UsageAmount = one
	b.month(l)
}

func (b *Bill) fillDiscount(k *block, l *Line) {
	serviceOf(l, k.service)
	l.Type = EdpDiscount
	l.Description = "Enterprise Program Discount; (" + l.ProductCode + ")"
	l.BlendedCost, l.NetCost = None, 0 // the usage rows' net costs have it already
	b.month(l)
}

func (b *Bill) fillSupport(l *Line) {
	l.Type = Fee
	l.ProductCode, l.ServiceName, l.ProductFamily = "AWSSupportBusiness", "AWS Support (Business)", "AWS Support"
	l.UsageType, l.Description = "Dollar", "10% of monthly AWS usage for the first $0-$10K, monthly minimum $29"
	l.Product = []Pair{{"servicename", l.ServiceName}}
	b.month(l)
}

func (b *Bill) fillCredit(k *block, l *Line) {
	serviceOf(l, k.service)
	l.Type, l.Description = Credit, "AWS Activate credit "+digits(uint64(k.index), 4)
	l.BlendedCost = None
	if k.kind == refundBlock {
		l.Type, l.BillType, l.Description = Refund, "Refund", "Service issue, refund "+digits(uint64(k.index), 6)
	}
	if k.index == 99 {
		l.ProductCode, l.Description = "AWSDataTransfer", "Credit for interrupted service"
	}
}

// marketplace charges: a flat fee with a description that only a real csv parser survives, and metered use.
func (b *Bill) fillMarketplace(k *block, l *Line) {
	l.Type, l.BillingEntity = Usage, "AWS Marketplace"
	l.InvoicingEntity, l.LegalEntity = "Acme Observability GmbH", "Acme Observability GmbH"
	if b.State.Invoiced {
		l.InvoiceID = digits(mix(b.seed, 'm'), 10)
	}
	l.ProductCode = letters(mix(b.Spec.Seed, 'k'), 25)
	l.ServiceName = "Acme Observability, Enterprise"
	l.Product = []Pair{{"servicename", l.ServiceName}}
	l.UsageType, l.Unit = "SoftwareUsage:contract", "Units"
	l.UsageAmount = one
	l.UnblendedCost = amount("1499.99")
	l.Description = "Contract \"Enterprise\"\nmonthly, 日本語サポート"
	if k.index == 1 {
		l.UsageType, l.Description = "SoftwareUsage:hosts", "Hosts, metered"
		l.UsageAmount = Amount(b.through) * one
		l.UnblendedRate = amount("0.0123456789")
		l.UnblendedCost = l.UsageAmount.Mul(l.UnblendedRate)
	}
	l.BlendedCost = l.UnblendedCost
}
