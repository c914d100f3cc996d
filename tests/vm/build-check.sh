#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build-check.sh [BED...]: the module builds, without a warning, for every bed
# of build-module.sh. Ends with "N passed, N failed".

set -u

HERE=$(cd "$(dirname "$0")" && pwd -P)
passed=0
failed=0

[ $# -gt 0 ] || set -- stock uml uml-debug clang 7.3
for bed; do
	log=$("$HERE/build-module.sh" "$bed" 2>&1)
	status=$?
	# its last line is the folder; all others are findings
	if [ $status = 0 ] && [ "$(wc -l <<<"$log")" = 1 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $bed:"
		tail -n 40 <<<"$log"
	fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
