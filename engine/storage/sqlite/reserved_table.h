#pragma once

namespace troupe {

/// The table of the runtime in an actor's database: which transaction was the last one that was committed together with
/// the state. Not shown by inspectors and not exported.
inline constexpr const char* kReservedTable = "_troupe_transaction";

}  // namespace troupe
