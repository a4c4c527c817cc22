"""Times Math-Verify on JSON lines of [reference, response] from a file; prints one JSON line of milliseconds and verdicts."""

import json
import sys
import time

from math_verify import parse, verify

pairs = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
rounds = int(sys.argv[2])


def grade(reference, response):
    try:
        return bool(verify(parse(reference), parse(response)))
    except Exception:
        return False


for reference, response in pairs:
    grade(reference, response)

milliseconds, verdicts = [], []
for number in range(rounds):
    for reference, response in pairs:
        start = time.perf_counter()
        verdict = grade(reference, response)
        milliseconds.append((time.perf_counter() - start) * 1000)
        if number == 0:
            verdicts.append(verdict)
print(json.dumps({"milliseconds": milliseconds, "verdicts": verdicts}))
