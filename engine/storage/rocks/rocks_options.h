#pragma once

#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <string_view>

#include "engine/storage/open.h"
#include "troupe/error.h"

namespace troupe {

/// Options of the one database: small in memory, quick to open, nothing in the background that is not needed.
rocksdb::Options rocks_options(const StorageSettings& settings);

/// `storage.corrupt` for damaged data, `storage.unavailable` for everything else.
Error rocks_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace troupe
