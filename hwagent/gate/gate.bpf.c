// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The dead-man switch of virtual IPs: a packet of an address passes only before its deadline.
 *
 * Attached at ingress and egress of every interface that may bear a virtual IP. The map "vips" names
 * a slot for each address; "deadlines", mapped into the holder's memory, holds for each slot the
 * nanosecond of CLOCK_BOOTTIME from which on its packets are dropped. Zero is shut for good. A write
 * that comes late holds a time that has passed and opens nothing.
 *
 * In: destination of IPv4 and IPv6, target of ARP and of neighbour solicitations. Out: source,
 * sender of ARP, target of neighbour advertisements. Other addresses of the host are untouched.
 *
 * Build: make gate. The compiled object is kept beside this file; a test rebuilds and compares it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define swap16(n) __builtin_bswap16(n)
#define SLOTS 4096

static void *(*map_lookup)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static __u64 (*boot_ns)(void) = (void *)BPF_FUNC_ktime_get_boot_ns;
static long (*load_bytes)(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length) =
	(void *)BPF_FUNC_skb_load_bytes;

/* An IPv4 address stands in the last four bytes, behind ffff: RFC 4291, 2.5.5.2. */
struct address {
	__u8 bytes[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLOTS);
	__type(key, struct address);
	__type(value, __u32);
} vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} deadlines SEC(".maps");

static __always_inline int judge(const struct address *address)
{
	__u32 *slot = map_lookup(&vips, address);
	if (!slot)
		return TC_ACT_UNSPEC;
	__u64 *deadline = map_lookup(&deadlines, slot);
	if (!deadline)
		return TC_ACT_SHOT;
	return boot_ns() < *(volatile __u64 *)deadline ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

static __always_inline int judge4(struct __sk_buff *skb, __u32 offset)
{
	struct address address = {};
	address.bytes[10] = address.bytes[11] = 0xff;
	if (load_bytes(skb, offset, &address.bytes[12], 4) < 0)
		return TC_ACT_UNSPEC;
	return judge(&address);
}

static __always_inline int judge6(struct __sk_buff *skb, __u32 offset)
{
	struct address address;
	if (load_bytes(skb, offset, &address, 16) < 0)
		return TC_ACT_UNSPEC;
	return judge(&address);
}

/* An IPv6 packet by its own address, then as neighbour discovery of type `kind` by its target. */
static __always_inline int judge_ipv6(struct __sk_buff *skb, __u32 at, __u32 own, __u8 kind)
{
	__u8 next = 0, type = 0;
	int verdict = judge6(skb, at + own);
	if (verdict != TC_ACT_UNSPEC)
		return verdict;
	if (load_bytes(skb, at + 6, &next, 1) < 0 || next != 58)
		return TC_ACT_UNSPEC;
	if (load_bytes(skb, at + 40, &type, 1) < 0 || type != kind)
		return TC_ACT_UNSPEC;
	return judge6(skb, at + 48);
}

/* Where the packet of the network layer starts; a tag may stand before it. */
static __always_inline __u32 network(struct __sk_buff *skb, __u16 *protocol)
{
	__u32 at = ETH_HLEN;
	if (load_bytes(skb, at - 2, protocol, 2) < 0)
		*protocol = 0;
	for (int tags = 0; tags < 2; tags++) {
		if (*protocol != swap16(ETH_P_8021Q) && *protocol != swap16(ETH_P_8021AD))
			break;
		at += 4;
		if (load_bytes(skb, at - 2, protocol, 2) < 0)
			*protocol = 0;
	}
	return at;
}

SEC("tc")
int hwagent_in(struct __sk_buff *skb)
{
	__u16 protocol;
	__u32 at = network(skb, &protocol);
	if (protocol == swap16(ETH_P_ARP))
		return judge4(skb, at + 24);
	if (protocol == swap16(ETH_P_IP))
		return judge4(skb, at + 16);
	if (protocol == swap16(ETH_P_IPV6))
		return judge_ipv6(skb, at, 24, 135);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int hwagent_out(struct __sk_buff *skb)
{
	__u16 protocol;
	__u32 at = network(skb, &protocol);
	if (protocol == swap16(ETH_P_ARP))
		return judge4(skb, at + 14);
	if (protocol == swap16(ETH_P_IP))
		return judge4(skb, at + 12);
	if (protocol == swap16(ETH_P_IPV6))
		return judge_ipv6(skb, at, 8, 136);
	return TC_ACT_UNSPEC;
}

char program_license[] SEC("license") = "Dual BSD/GPL";
