// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mib.c - counters of a netns
 */
#include "mib.h"

static const char *const mib_names[QUIC_NR_MIBS] = {
#define MIB_NAME(id, name) name,
	QUIC_MIB_TABLE(MIB_NAME)
#undef MIB_NAME
};

unsigned long quic_mib_read(const struct quic_net *qn, enum quic_mib_counter c)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(qn->mib, cpu)->v[c]);
	return sum;
}

const char *quic_mib_name(enum quic_mib_counter c)
{
	return mib_names[c];
}

int quic_mib_init(struct quic_net *qn)
{
	qn->mib = alloc_percpu(struct quic_mib);
	return qn->mib ? 0 : -ENOMEM;
}

void quic_mib_exit(struct quic_net *qn)
{
	free_percpu(qn->mib);
}
