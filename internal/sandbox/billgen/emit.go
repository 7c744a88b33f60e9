package billgen

// emit streams one block's lines through l.
func (b *Bill) emit(k *block, l *Line, yield func(*Line) bool) bool {
	*l = blank()
	b.head(k, l)
	switch k.kind {
	case usageBlock:
		return b.emitUsage(k, l, yield)
	case coveredBlock, negationBlock:
		return b.emitCovered(k, l, yield)
	case planFeeBlock:
		return b.emitPlanFee(k, l, yield)
	case reservedBlock:
		return b.emitReserved(k, l, yield)
	case podBlock:
		return b.emitPod(k, l, yield)
	}
	b.fillSingle(k, l)
	if b.Spec.EDP > 0 && l.NetCost == None {
		l.NetCost = l.UnblendedCost
	}
	return yield(l)
}

// head fills in what every line has.
func (b *Bill) head(k *block, l *Line) {
	l.Block = int(k.number)
	l.ID = letters(b.idSeed(k), 52)
	l.InvoiceID = b.invoice
	l.InvoicingEntity, l.LegalEntity = "Amazon Web Services, Inc.", "Amazon Web Services, Inc."
	l.BillingEntity, l.BillType = "AWS", "Anniversary"
	l.PeriodStart, l.PeriodEnd = b.start, b.start+int64(b.hours)*3600
	l.Payer, l.Account = b.Spec.Payer, b.acc[k.account]
	l.Currency = b.Spec.Currency
}

func (b *Bill) idSeed(k *block) uint64 {
	h := mix(mix(b.seed, uint64(k.index)), uint64(k.kind)<<32|uint64(uint32(k.sub)))
	return mix(h, uint64(k.account)<<16|uint64(uint16(k.service)))
}

// hourly streams one line for each hour of the block; set fills in the hour's amounts.
func (b *Bill) hourly(k *block, l *Line, set func(hour int), yield func(*Line) bool) bool {
	for h := k.from; h < k.to; h++ {
		l.Start = b.start + int64(h)*3600
		l.End = l.Start + 3600
		l.IntervalStart, l.IntervalEnd = l.Start, l.End
		if b.Spec.UniqueIDs {
			l.ID = letters(mix(b.idSeed(k), uint64(h)), 52)
		}
		set(int(h))
		if !yield(l) {
			return false
		}
	}
	return true
}

func (b *Bill) emitUsage(k *block, l *Line, yield func(*Line) bool) bool {
	s := &services[k.service]
	m := &s.meters[k.meter]
	id := mix(mix(b.Spec.Seed, 'u'), uint64(k.index))
	r := int(id >> 44 % uint64(len(regions)))
	b.describe(l, s, m, r, id)
	l.Type = Usage
	b.tag(l, id)
	rate := m.rate
	l.UnblendedRate, l.BlendedRate, l.PublicRate = rate, rate, rate
	l.Term = "OnDemand"
	if m.spot {
		l.Term, l.PublicRate = "Spot", rate.Mul(amount("2.85"))
	}
	factor := amount("0")
	if m.instance != "" {
		l.NormalizationFactor = amount(instanceFactor(m.instance))
		factor = l.NormalizationFactor
	}
	if b.Spec.EDP > 0 {
		l.NetRate = rate - rate.Percent(b.Spec.EDP)
	}
	meter := b.meterOf(k, m, id)
	return b.hourly(k, l, func(h int) {
		q := meter.at(h)
		cost := q.Mul(rate).fit()
		l.UsageAmount, l.UnblendedCost, l.BlendedCost, l.PublicCost = q, cost, cost, cost
		if m.spot {
			l.PublicCost = q.Mul(l.PublicRate).fit()
		}
		if factor != 0 {
			l.NormalizedAmount = q.Mul(factor)
		}
		if b.Spec.EDP > 0 {
			l.Discount = -cost.Percent(b.Spec.EDP)
			l.NetCost = cost + l.Discount
		}
	}, yield)
}

func (b *Bill) emitCovered(k *block, l *Line, yield func(*Line) bool) bool {
	p := &b.plans[k.index]
	c := &p.covers[k.sub]
	s := &services[c.service]
	m := &s.meters[c.meter]
	b.describe(l, s, m, c.region, c.id)
	l.NormalizationFactor = amount(instanceFactor(m.instance))
	l.UsageAmount, l.NormalizedAmount = one, l.NormalizationFactor
	l.UnblendedRate, l.BlendedRate = c.onDemand, c.onDemand
	b.planOf(l, p)
	sign := Amount(1)
	if k.kind == coveredBlock {
		l.Type = SavingsPlanCoveredUsage
		l.Term, l.PublicRate = "OnDemand", c.onDemand
		l.SavingsPlan.Rate = c.rate
		b.tag(l, c.id)
	} else {
		sign = -1
		l.Type, l.ResourceID, l.Zone = SavingsPlanNegation, "", ""
		l.Description = "SavingsPlanNegation used by AccountId : " + l.Account.ID + " and UsageSku : " + l.SKU
	}
	return b.hourly(k, l, func(int) {
		l.UnblendedCost = sign * c.onDemand
		l.BlendedCost = l.UnblendedCost
		if k.kind == coveredBlock {
			l.PublicCost, l.SavingsPlan.EffectiveCost = c.onDemand, c.rate
		}
		if b.Spec.EDP > 0 {
			l.NetCost = l.UnblendedCost
		}
	}, yield)
}

func (b *Bill) planOf(l *Line, p *plan) {
	l.SavingsPlan.ARN = "arn:aws:savingsplans::" + b.Spec.Payer.ID + ":savingsplan/" + uuid(p.id)
	l.SavingsPlan.StartTime, l.SavingsPlan.EndTime = p.times()
	l.SavingsPlan.OfferingType, l.SavingsPlan.PaymentOption, l.SavingsPlan.PurchaseTerm = "ComputeSavingsPlans", p.payment, "1yr"
}

// planProduct fills in the product of a plan's own fees.
func (b *Bill) planProduct(l *Line, p *plan) {
	b.planOf(l, p)
	l.ResourceID = l.SavingsPlan.ARN
	l.ProductCode, l.ServiceName, l.ProductFamily = "ComputeSavingsPlans", "Savings Plans for AWS Compute usage", "ComputeSavingsPlans"
	l.UsageType, l.SKU = "ComputeSP:1yr"+noSpaces(p.payment), sku(p.id)
	l.Unit, l.Term, l.PurchaseOption, l.LeaseLength = "Hrs", "SavingsPlan", p.payment, "1yr"
	l.Region, l.Location = "any", "Any"
	l.Product = []Pair{{"servicename", l.ServiceName}}
}

func (b *Bill) emitPlanFee(k *block, l *Line, yield func(*Line) bool) bool {
	p := &b.plans[k.index]
	b.planProduct(l, p)
	l.Type = SavingsPlanRecurringFee
	l.Description = "1 year " + p.payment + " Compute Savings Plan"
	l.UsageAmount = one
	l.UnblendedRate, l.BlendedRate = p.recurring, p.recurring
	l.SavingsPlan.AmortizedForPeriod, l.SavingsPlan.RecurringForPeriod = p.upfront, p.recurring
	return b.hourly(k, l, func(h int) {
		l.UnblendedCost, l.BlendedCost = p.recurring, p.recurring
		l.SavingsPlan.Commitment, l.SavingsPlan.Used = p.upfront+p.recurring, p.used(h)
		if b.Spec.EDP > 0 {
			l.NetCost = p.recurring
		}
	}, yield)
}

func (b *Bill) emitReserved(k *block, l *Line, yield func(*Line) bool) bool {
	r := &b.reservations[k.index]
	s := &services[r.service]
	m := &s.meters[r.meter]
	id := mix(r.id, uint64(k.sub)+1)
	b.describe(l, s, m, r.region, id)
	b.tag(l, id)
	l.Type = DiscountedUsage
	b.reservationOf(l, r)
	l.NormalizationFactor = amount(instanceFactor(m.instance))
	l.UsageAmount, l.NormalizedAmount = one, l.NormalizationFactor
	l.UnblendedRate, l.BlendedRate, l.PublicRate = 0, r.upfront+r.recurring, m.rate
	l.Term, l.PurchaseOption, l.LeaseLength, l.Offering = "Reserved", r.payment, "1yr", "standard"
	return b.hourly(k, l, func(int) {
		l.UnblendedCost, l.BlendedCost, l.PublicCost = 0, l.BlendedRate, m.rate
		l.Reservation.AmortizedUpfront, l.Reservation.RecurringFee = r.upfront, r.recurring
		l.Reservation.EffectiveCost = r.upfront + r.recurring
		if b.Spec.EDP > 0 {
			l.NetCost = 0
		}
	}, yield)
}
