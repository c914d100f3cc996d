# SPDX-License-Identifier: GPL-2.0-or-later
#
# The sans-IO sources, relative to net/quic: the one list that Kbuild, the unit
# tests, the simulator and the fuzzers build from (DESIGN.md 2).

QUIC_CORE_SRCS := \
	core/frame.c \
	core/header.c \
	core/ranges.c \
	core/tparam.c \
	core/version.c \
	core/violation.c \
	core/wire.c

QUIC_ENGINE_SRCS := \
	conn.c \
	frame_rx.c \
	inqueue.c \
	outqueue.c \
	packet.c \
	sndbuf.c \
	stream.c
