#include "troupe/actor.h"

extern "C" int troupe_something_else() { return 1; }
