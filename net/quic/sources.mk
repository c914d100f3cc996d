# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sans-IO sources, relative to net/quic: the one list that Kbuild, the unit
# tests, the simulator and the fuzzers build from (DESIGN.md 2).

QUIC_CORE_SRCS := \
	core/ackfreq.c \
	core/bbr_model.c \
	core/cong.c \
	core/cong_bbr.c \
	core/cong_cubic.c \
	core/cong_reno.c \
	core/conn_state.c \
	core/connid.c \
	core/flow.c \
	core/frame.c \
	core/header.c \
	core/hello.c \
	core/hystart.c \
	core/keys.c \
	core/pacer.c \
	core/path.c \
	core/pmtud.c \
	core/pnspace.c \
	core/ranges.c \
	core/rate.c \
	core/recovery.c \
	core/sent.c \
	core/stream_state.c \
	core/timers.c \
	core/token.c \
	core/tparam.c \
	core/version.c \
	core/violation.c \
	core/wire.c

QUIC_ENGINE_SRCS := \
	admit.c \
	conn.c \
	conn_ack.c \
	conn_ackfreq.c \
	conn_close.c \
	conn_connid.c \
	conn_initial.c \
	conn_keys.c \
	conn_migrate.c \
	conn_path.c \
	conn_pmtu.c \
	conn_timer.c \
	conn_version.c \
	early.c \
	frame_rx.c \
	inqueue.c \
	outqueue.c \
	packet.c \
	packet_probe.c \
	packet_rx.c \
	sndbuf.c \
	stream.c \
	stream_limit.c
