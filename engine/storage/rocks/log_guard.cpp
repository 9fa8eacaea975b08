#include "engine/storage/rocks/log_guard.h"

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace troupe {
namespace {

class WatchedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WatchedLog(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<LogGuard> guard)
      : FSWritableFileOwnerWrapper(std::move(file)), guard_(std::move(guard)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    return checked(FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* context) override {
    return checked(FSWritableFileOwnerWrapper::Append(data, options, verification, context));
  }

 private:
  rocksdb::IOStatus checked(rocksdb::IOStatus status) {
    if (!status.ok()) guard_->append_failed();
    return status;
  }

  const std::shared_ptr<LogGuard> guard_;
};

/// RocksDB can recover from what may be tried again. A file that is not there for want of descriptors holds nothing
/// that could be wrong, and other files will be closed.
rocksdb::IOStatus retryable_without_descriptors(rocksdb::IOStatus status) {
  // No code of its own; the words are those of both EMFILE and ENFILE.
  static const std::string words = std::generic_category().message(EMFILE);
  if (status.IsIOError() && status.ToString().find(words) != std::string::npos) status.SetRetryable(true);
  return status;
}

class WatchedFiles final : public rocksdb::FileSystemWrapper {
 public:
  WatchedFiles(const std::shared_ptr<rocksdb::FileSystem>& files, std::shared_ptr<LogGuard> guard)
      : FileSystemWrapper(files), guard_(std::move(guard)) {}
  const char* Name() const override { return "WatchedFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override {
    const bool is_log = std::string_view(name).ends_with(".log");
    if (is_log && !guard_->may_make_log()) {
      rocksdb::IOStatus refused = rocksdb::IOStatus::IOError("the log is being replaced");
      refused.SetRetryable(true);
      return refused;
    }
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, result, context);
    if (status.ok() && is_log) *result = std::make_unique<WatchedLog>(std::move(*result), guard_);
    return retryable_without_descriptors(std::move(status));
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* context) override {
    return retryable_without_descriptors(FileSystemWrapper::NewRandomAccessFile(name, options, result, context));
  }

 private:
  const std::shared_ptr<LogGuard> guard_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> LogGuard::watch(std::shared_ptr<rocksdb::FileSystem> files,
                                                     std::shared_ptr<LogGuard> guard) {
  return std::make_shared<WatchedFiles>(std::move(files), std::move(guard));
}

rocksdb::Status LogGuard::sync(rocksdb::DB& db) {
  const std::lock_guard lock(mutex_);
  if (failed_) return rocksdb::Status::IOError("an earlier write or sync failed and is not made good yet");
  rocksdb::Status status = db.SyncWAL();
  if (!status.ok()) {
    ++failures_;
    failed_ = true;
  }
  return status;
}

void LogGuard::append_failed() {
  const std::lock_guard lock(mutex_);
  ++failures_;
  failed_ = true;
  log_broken_ = true;
}

bool LogGuard::is_log_broken() const {
  const std::lock_guard lock(mutex_);
  return log_broken_;
}

bool LogGuard::may_make_log() {
  const std::lock_guard lock(mutex_);
  // RocksDB appends what it still has for the old log before it turns to this one; if that fails, it is broken again.
  if (logs_allowed_) log_broken_ = false;
  return logs_allowed_;
}

void LogGuard::allow_logs(bool allowed) {
  const std::lock_guard lock(mutex_);
  logs_allowed_ = allowed;
}

std::uint64_t LogGuard::failures() const {
  const std::lock_guard lock(mutex_);
  return failures_;
}

void LogGuard::make_good(std::uint64_t failures) {
  const std::lock_guard lock(mutex_);
  if (failures == failures_) failed_ = false;
}

}  // namespace troupe
