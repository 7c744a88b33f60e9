package billgen

import (
	"fmt"
	"strings"
)

// Split is the splitLineItem/… part of a line item: what a pod has of the instance that it ran on, in its hour.
type Split struct {
	ParentID                 string
	Reserved, Actual, Usage  Amount // vCPU or gigabytes; varies
	Ratio                    Amount // of the parent's
	Cost, Unused             Amount // varies
	NetCost, NetUnused       Amount // varies
	PublicCost, PublicUnused Amount // at the on-demand price; varies
}

func blankSplit() Split {
	n := None
	return Split{Reserved: n, Actual: n, Usage: n, Ratio: n, Cost: n, Unused: n, NetCost: n, NetUnused: n, PublicCost: n, PublicUnused: n}
}

// shares are what the pods of a node use of it, in percent; the rest of the node is unused.
var shares = [...]int{40, 25, 15}

// splits says whether a block's instance is a node of a Kubernetes cluster.
func (b *Bill) splits(k *block) bool {
	if k.kind != usageBlock {
		return false
	}
	m := &services[k.service].meters[k.meter]
	return services[k.service].code == "AmazonEC2" && m.instance != "" && !m.spot && mix(b.Spec.Seed, uint64(k.index))%3 == 0
}

// podBlocks adds two line items for each pod and hour, one for its share of the processors and one for its share
// of the memory: https://docs.aws.amazon.com/cur/latest/userguide/split-cost-allocation-data.html. They bill nothing:
// the node's line item has done that.
func (b *Bill) podBlocks() {
	if !b.Spec.Split {
		return
	}
	nodes := len(b.blocks)
	for i := range nodes {
		if !b.splits(&b.blocks[i]) {
			continue
		}
		for sub := range 2 * len(shares) {
			k := b.blocks[i]
			k.kind, k.sub = podBlock, int32(sub)
			b.add(k)
		}
	}
}

// emitPod streams the node's hours as one of its pods sees them.
func (b *Bill) emitPod(k *block, l *Line, yield func(*Line) bool) bool {
	pod, memory := int(k.sub/2), k.sub%2 == 1
	node := ""
	return b.emitUsage(k, l, func(l *Line) bool {
		if node == "" {
			node = l.ResourceID
			b.describePod(l, k, pod, memory)
		}
		b.splitHour(l, node, pod, memory)
		return yield(l)
	})
}

// describePod fills in what is the same in all of a pod's hours.
func (b *Bill) describePod(l *Line, k *block, pod int, memory bool) {
	id := mix(mix(b.Spec.Seed, uint64(k.index)), 'p'+uint64(pod)<<8)
	team := teams[id>>20%uint64(len(teams))]
	name := fmt.Sprintf("%s-%s-%s", team, hexString(id, 8), letters(id, 5))
	l.ResourceID = fmt.Sprintf("arn:aws:eks:%s:%s:pod/main/%s/%s/%s", l.Region, l.Account.ID, team, name, uuid(id))
	prefix, _, _ := strings.Cut(l.UsageType, "BoxUsage")
	what, unit := "vCPU", "vCPU-Hours"
	if memory {
		what, unit = "GB", "GB-Hours"
	}
	l.ProductCode, l.ServiceName, l.ProductFamily = "AmazonEKS", "Amazon Elastic Container Service for Kubernetes", ""
	l.UsageType, l.Operation, l.Unit = prefix+"EKS-EC2-"+unit, "EKSPod-EC2", unit
	l.Description = "Kubernetes pod's share of an EC2 instance's " + what
	l.InstanceType, l.InstanceFamily, l.SKU, l.RateCode, l.RateID = "", "", "", "", ""
	l.Product = []Pair{{"servicename", l.ServiceName}}
	l.Tags = sortPairs([]Pair{
		{"aws:eks:cluster-name", "main"},
		{"aws:eks:namespace", team},
		{"aws:eks:node", "ip-10-0-" + digits(id, 2) + ".ec2.internal"},
		{"aws:eks:workload-name", team + "-" + hexString(id, 8)},
		{"aws:eks:workload-type", "ReplicaSet"},
	})
	l.Term, l.UnblendedRate, l.BlendedRate, l.NetRate, l.PublicRate, l.NormalizationFactor = "", 0, 0, None, None, None
}

// splitHour gives a pod its share of the hour that l has of the node. The shares and what is unused add up to the
// node's cost exactly.
func (b *Bill) splitHour(l *Line, node string, pod int, memory bool) {
	cost := l.UnblendedCost.Percent(90) // AWS weighs a processor nine times a gigabyte
	if memory {
		cost = l.UnblendedCost - cost
	}
	used, unused := share(cost, pod)
	ratio := Amount(shares[pod]) * cent
	l.Split = Split{
		ParentID: node, Ratio: ratio, Reserved: ratio * 4, Actual: ratio * 3, Usage: ratio * 4, Cost: used, Unused: unused,
		NetCost: None, NetUnused: None, PublicCost: used, PublicUnused: unused,
	}
	if b.Spec.EDP > 0 {
		l.Split.NetCost, l.Split.NetUnused = used-used.Percent(b.Spec.EDP), unused-unused.Percent(b.Spec.EDP)
		l.NetCost, l.Discount = 0, None
	}
	l.UsageAmount, l.NormalizedAmount = l.Split.Usage, None
	l.UnblendedCost, l.BlendedCost, l.PublicCost = 0, 0, None
}

// share is what a pod uses of a cost, and its part of what no pod uses. The last pod takes what rounding leaves.
func share(cost Amount, pod int) (used, unused Amount) {
	idle, sum := cost, 0
	for _, s := range shares {
		idle -= cost.Percent(s)
		sum += s
	}
	part := func(pod int) Amount { return idle.Percent(100 * shares[pod] / sum) }
	if unused = part(pod); pod == len(shares)-1 {
		unused = idle
		for other := range pod {
			unused -= part(other)
		}
	}
	return cost.Percent(shares[pod]), unused
}
