// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * provoke.c - a module that does one wrong thing when it is loaded
 *
 * tests/vm/selftest.sh loads it to prove that the debug kernel's checkers see
 * into out-of-tree modules, and that tests/vm/run fails by what they report.
 * The fault is chosen by the parameter "fault"; loading then fails with -EAGAIN,
 * so that nothing has to be unloaded, except for "leak" and "none".
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "what to do wrong");

static DEFINE_SPINLOCK(provoke_lock_a);
static DEFINE_SPINLOCK(provoke_lock_b);
static DEFINE_MUTEX(provoke_mutex);
static volatile int provoke_sink;
static volatile int provoke_index = 9;

static int provoke_use_after_free(void)
{
	volatile char *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	p[0] = 1;
	kfree((void *)p);
	provoke_sink = p[0];
	return -EAGAIN;
}

static int provoke_out_of_bounds(void)
{
	volatile char *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	p[100 + provoke_sink] = 1;
	kfree((void *)p);
	return -EAGAIN;
}

static int provoke_stack(void)
{
	volatile char array[8] = { 0 };
	volatile char *p = array;

	provoke_sink = p[provoke_index];
	return -EAGAIN;
}

/* Two locks in both orders: no deadlock happens, only its possibility. */
static int provoke_lock_order(void)
{
	spin_lock(&provoke_lock_a);
	spin_lock(&provoke_lock_b);
	spin_unlock(&provoke_lock_b);
	spin_unlock(&provoke_lock_a);
	spin_lock(&provoke_lock_b);
	spin_lock(&provoke_lock_a);
	spin_unlock(&provoke_lock_a);
	spin_unlock(&provoke_lock_b);
	return -EAGAIN;
}

static int provoke_sleep(void)
{
	spin_lock(&provoke_lock_a);
	mutex_lock(&provoke_mutex);
	mutex_unlock(&provoke_mutex);
	spin_unlock(&provoke_lock_a);
	return -EAGAIN;
}

static int provoke_rcu(void)
{
	static void __rcu *pointer;

	provoke_sink = !!rcu_dereference(pointer);
	return -EAGAIN;
}

static int provoke_leak(void)
{
	int i;

	/* more than one: a stale copy of a pointer may hide one of them */
	for (i = 0; i < 16; i++) {
		volatile char *p = kmalloc(333, GFP_KERNEL);

		if (p)
			p[0] = 1;
	}
	return 0;
}

static int provoke_shift(void)
{
	provoke_sink = 1 << (provoke_index + 30);
	return -EAGAIN;
}

static int provoke_bounds(void)
{
	static volatile int array[4];

	provoke_sink = array[provoke_index & 15];
	return -EAGAIN;
}

static int provoke_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
	return -EAGAIN;
}

static void provoke_timer_fn(struct timer_list *timer)
{
}

/* Memory with an armed timer is freed. */
static int provoke_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, provoke_timer_fn, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
	return -EAGAIN;
}

static int provoke_warn(void)
{
	WARN_ON_ONCE(1);
	return -EAGAIN;
}

static int provoke_oops(void)
{
	*(volatile int *)8 = 1;
	return -EAGAIN;
}

static int provoke_none(void)
{
	return 0;
}

static const struct {
	const char *name;
	int (*provoke)(void);
} provoke_table[] = {
	{ "none", provoke_none },
	{ "use-after-free", provoke_use_after_free },
	{ "out-of-bounds", provoke_out_of_bounds },
	{ "stack", provoke_stack },
	{ "lock-order", provoke_lock_order },
	{ "sleep", provoke_sleep },
	{ "rcu", provoke_rcu },
	{ "leak", provoke_leak },
	{ "shift", provoke_shift },
	{ "bounds", provoke_bounds },
	{ "refcount", provoke_refcount },
	{ "timer", provoke_timer },
	{ "warn", provoke_warn },
	{ "oops", provoke_oops },
};

static int __init provoke_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(provoke_table); i++)
		if (!strcmp(fault, provoke_table[i].name))
			return provoke_table[i].provoke();
	return -EINVAL;
}

static void __exit provoke_exit(void)
{
}

module_init(provoke_init);
module_exit(provoke_exit);
MODULE_DESCRIPTION("Provokes what kernel checkers report");
MODULE_LICENSE("GPL");
