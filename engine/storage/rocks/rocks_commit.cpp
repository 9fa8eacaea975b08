#include <rocksdb/write_batch.h>

#include "engine/base/errors.h"
#include "engine/storage/keys.h"
#include "engine/storage/rocks/rocks_options.h"
#include "engine/storage/rocks/rocks_store.h"

namespace troupe {
namespace {

constexpr Millis kResumeInterval{1'000};
/// Commits that wait for the slow writer. Beyond that the disk cannot follow and callers are turned away.
constexpr std::size_t kSlowQueueBytesMax = 64u << 20;
/// A batch of more than this is written by the slow writer: copying it would keep an I/O thread for too long.
constexpr std::size_t kInlineBytesMax = 256u << 10;
/// A range erase of at most this many keys becomes that many point erases: range tombstones in the memtable are
/// sorted anew for reads after every write of one, which would make a burst of destroyed actors quadratic.
constexpr std::size_t kPointErasesMax = 256;

rocksdb::Slice slice(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::size_t size_of(const WriteBatch& batch) {
  constexpr std::size_t kOverhead = 64;
  std::size_t bytes = 0;
  for (const auto& change : batch.changes()) {
    bytes += kOverhead;
    if (const auto* put = std::get_if<WriteBatch::Put>(&change)) bytes += put->key.size() + put->value.size();
  }
  for (const auto& expect : batch.expects()) bytes += kOverhead + expect.key.size();
  return bytes;
}

Error overloaded_error() {
  return make_error("storage", "unavailable", std::nullopt, "too many commits wait for the disk");
}

}  // namespace

std::optional<Result<void>> RocksCore::try_commit(const WriteBatch& batch, bool sync) {
  const JobGate::Pass pass(gate_);
  if (!pass) return Result<void>(make_error("storage", "unavailable", std::nullopt, "the store is closed"));
  if (size_of(batch) > kInlineBytesMax) return std::nullopt;
  std::lock_guard lock(write_mutex_);
  if (slow_writer_active_) return std::nullopt;
  return apply(batch, sync, Speed::memory_only);
}

void RocksCore::commit_slowly(WriteBatch batch, bool sync, Continuation<Result<void>> done) {
  const std::size_t bytes = size_of(batch);
  {
    std::lock_guard lock(write_mutex_);
    if (slow_queue_bytes_ + bytes > kSlowQueueBytesMax && !slow_queue_.empty()) return done.post(overloaded_error());
    slow_queue_bytes_ += bytes;
    slow_queue_.push_back({std::move(batch), sync, bytes, std::move(done)});
    if (std::exchange(slow_writer_active_, true)) return;
  }
  boost::asio::post(ports_.storage, [self = shared_from_this()] { self->run_slow_commits(); });
}

void RocksCore::run_slow_commits() {
  const JobGate::Pass pass(gate_);
  // Once the gate is closed, `close` works off the queue.
  if (!pass || !run_slow_commit()) return;
  boost::asio::post(ports_.storage, [self = shared_from_this()] { self->run_slow_commits(); });
}

bool RocksCore::run_slow_commit() {
  std::optional<SlowCommit> commit;
  {
    std::lock_guard lock(write_mutex_);
    if (slow_queue_.empty()) {
      slow_writer_active_ = false;
      return false;
    }
    commit.emplace(std::move(slow_queue_.front()));
    slow_queue_.pop_front();
    slow_queue_bytes_ -= commit->bytes;
  }
  Result<void> result = apply(commit->batch, commit->sync, Speed::may_block).value();
  if (result && commit->sync) {
    join_sync(std::move(commit->done));
  } else {
    commit->done.post(std::move(result));
  }
  return true;
}

std::optional<Result<void>> RocksCore::apply(const WriteBatch& batch, bool sync, Speed speed) {
  if (log_->failed()) {
    return Result<void>(
        make_error("storage", "unavailable", std::nullopt, "a write or sync failed and is not made good yet"));
  }
  std::unique_lock<std::mutex> guard;
  if (batch.guard()) {
    auto entered = batch.guard()();
    if (!entered) return Result<void>(std::move(entered).error());
    guard = std::move(*entered);
  }
  std::optional<Result<void>> expected = check_expectations(batch, speed);
  if (!expected || !*expected || batch.changes().empty()) return expected;

  rocksdb::WriteBatch out;
  rocksdb::Status status;
  for (std::size_t i = 0; i < batch.changes().size() && status.ok(); ++i) {
    const WriteBatch::Change& change = batch.changes()[i];
    if (const auto* put = std::get_if<WriteBatch::Put>(&change)) {
      status = out.Put(slice(put->key), slice(put->value));
    } else if (const auto* erase = std::get_if<WriteBatch::Erase>(&change)) {
      status = out.Delete(slice(erase->key));
    } else {
      status = add_range_erase(batch, i, speed, out);
    }
  }
  if (status.ok()) {
    rocksdb::WriteOptions write;
    write.no_slowdown = speed == Speed::memory_only;
    status = db_->Write(write, &out);
  }
  if (status.IsIncomplete() && speed == Speed::memory_only) return std::nullopt;
  if (!status.ok()) {
    note_failure();
    return Result<void>(rocks_error(status, "cannot write"));
  }
  // `os` leaves the moment to the kernel; a commit with a sync of its own needs no other.
  if (!sync && settings_.durability != DurabilityMode::os) background_sync_->request(settings_.sync_interval);
  return Result<void>();
}

std::optional<Result<void>> RocksCore::check_expectations(const WriteBatch& batch, Speed speed) {
  rocksdb::ReadOptions read;
  if (speed == Speed::memory_only) read.read_tier = rocksdb::kBlockCacheTier;
  for (const WriteBatch::Expect& expect : batch.expects()) {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = db_->Get(read, db_->DefaultColumnFamily(), slice(expect.key), &value);
    if (status.IsIncomplete() && speed == Speed::memory_only) return std::nullopt;
    if (!status.ok() && !status.IsNotFound()) return Result<void>(rocks_error(status, "cannot read"));
    const bool met = status.ok() ? expect.value && slice(*expect.value) == value : !expect.value;
    if (!met) return Result<void>(make_error("storage", "conflict"));
  }
  return Result<void>();
}

rocksdb::Status RocksCore::add_range_erase(const WriteBatch& batch, std::size_t position, Speed speed,
                                           rocksdb::WriteBatch& out) {
  const auto& range = std::get<WriteBatch::EraseRange>(batch.changes()[position]);
  if (range.begin >= range.end) return rocksdb::Status::OK();
  const rocksdb::Slice lower = slice(range.begin);
  const rocksdb::Slice upper = slice(range.end);
  rocksdb::ReadOptions read;
  if (speed == Speed::memory_only) read.read_tier = rocksdb::kBlockCacheTier;
  read.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(read));
  std::vector<std::string> found;
  for (row->Seek(lower); row->Valid(); row->Next()) {
    if (found.size() == kPointErasesMax) return out.DeleteRange(lower, upper);
    found.push_back(row->key().ToString());
  }
  rocksdb::Status status = row->status();
  for (std::size_t i = 0; i < found.size() && status.ok(); ++i) status = out.Delete(found[i]);
  // Changes are applied in order: what this batch itself put into the range before goes too.
  for (std::size_t i = 0; i < position && status.ok(); ++i) {
    const auto* put = std::get_if<WriteBatch::Put>(&batch.changes()[i]);
    if (put && put->key >= range.begin && put->key < range.end) status = out.Delete(slice(put->key));
  }
  return status;
}

Result<void> RocksCore::sync_log() {
  const rocksdb::Status status = log_->sync(*db_);
  if (status.ok()) return {};
  note_failure();
  return rocks_error(status, "cannot sync");
}

void RocksCore::note_failure() { resume_later_->request(kResumeInterval); }

// RocksDB resumes with the broken log, and ends the process at the next append, when nothing is in the memtable. It
// replaces the log if there is something, but only while it recovers from an error: so both are given to it.
rocksdb::Status RocksCore::replace_log() {
  rocksdb::WriteOptions memtable_only;
  memtable_only.disableWAL = true;
  rocksdb::Status status =
      db_->Put(memtable_only, slice(keys::format_version()), slice(keys::encode_format_version(keys::kFormatVersion)));
  if (!status.ok()) return status;
  log_->allow_logs(false);
  db_->Flush(rocksdb::FlushOptions()).PermitUncheckedError();
  log_->allow_logs(true);
  status = db_->Resume();
  if (status.ok() && log_->is_log_broken()) return rocksdb::Status::IOError("the log could not be replaced");
  return status;
}

void RocksCore::resume() {
  const std::uint64_t failures = log_->failures();
  rocksdb::Status status = db_->Resume();
  if (status.ok() && log_->is_log_broken()) status = replace_log();
  if (status.ok()) status = db_->Flush(rocksdb::FlushOptions());
  if (status.ok()) log_->make_good(failures);
  if (!status.ok() || log_->failed()) note_failure();
}

}  // namespace troupe
