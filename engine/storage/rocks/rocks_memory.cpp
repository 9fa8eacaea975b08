#include <rocksdb/cache.h>
#include <rocksdb/table.h>

#include <boost/asio/post.hpp>

#include "engine/storage/rocks/rocks_store.h"

namespace troupe {
namespace {

/// A memtable that holds less is not worth a file.
constexpr std::uint64_t kFlushedBytesMin = 1u << 20;

}  // namespace

void RocksCore::release_memory() {
  boost::asio::post(ports_.storage, [self = shared_from_this()] {
    const JobGate::Pass pass(self->gate_);
    if (!pass) return;
    const auto sequence = self->db_->GetLatestSequenceNumber();
    if (self->sequence_seen_.exchange(sequence) != sequence) return;
    const auto tables = self->db_->GetOptions().table_factory;
    const auto* table = tables->GetOptions<rocksdb::BlockBasedTableOptions>();
    if (table && table->block_cache) table->block_cache->EraseUnRefEntries();
    std::uint64_t bytes = 0;
    if (!self->db_->GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes)) return;
    if (bytes < kFlushedBytesMin) return;
    rocksdb::FlushOptions flush;
    flush.wait = false;
    // A flush that fails is an error of RocksDB's own, which the next commit meets.
    self->db_->Flush(flush).PermitUncheckedError();
  });
}

}  // namespace troupe
