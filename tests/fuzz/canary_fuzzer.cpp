// Fails on purpose: a run of the fuzzers that does not report this one is broken.

#include "check.h"

void fuzz(troupe::BytesView input) { FUZZ_CHECK(troupe::as_text(input) != "sing"); }
