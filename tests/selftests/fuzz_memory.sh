#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz_memory.sh: 100,000 random and mutated datagrams and 20,000 random calls
# (fuzz_calls), after a first, smaller round that fills every cache; then no
# memory may be in use that was not in use before.
#
# VM-BEDS: uml-debug
# VM-TIMEOUT: 900

# shellcheck disable=SC1090 # it is in the guest
. "$VM_LIB"
FUZZ=$(cd "$(dirname "$0")/../.." && pwd -P)/build/selftests/fuzz_calls

"$FUZZ" 5000 3000 7 >/tmp/fuzz.1 2>&1
tap_ok $? "a first round"
memory_save fuzz
"$FUZZ" 100000 20000 42 >/tmp/fuzz.2 2>&1
tap_ok $? "100,000 datagrams and 20,000 calls"
grep -h -A2 '^not ok' /tmp/fuzz.1 /tmp/fuzz.2 | sed 's/^/# /'
# orphans go when the handshake timeout or the flush timeout is over
sleep 30
memory_check fuzz 2048
tap_ok $? "memory is back to where it was"
tap_end
