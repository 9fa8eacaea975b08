#include "engine/base/async.h"

namespace troupe {
namespace {

constexpr int kInlineDepthMax = 12;
thread_local int inline_depth = 0;

}  // namespace

NestedCall::NestedCall() { ++inline_depth; }
NestedCall::~NestedCall() { --inline_depth; }
bool NestedCall::may_run_inline() const { return inline_depth <= kInlineDepthMax; }

}  // namespace troupe
