#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace troupe {

/// What goes wrong with files from now on.
struct Faults {
  std::atomic<bool> no_space{false};
  std::atomic<bool> sync_fails{false};
  std::atomic<bool> sync_has_no_space{false};
  std::atomic<bool> no_descriptors{false};
};

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<Faults> faults)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(std::move(faults)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    if (faults_->no_space) return no_space();
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification,
                           rocksdb::IODebugContext* context) override {
    if (faults_->no_space) return no_space();
    return FSWritableFileOwnerWrapper::Append(data, options, verification, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (const auto fault = sync_fault(); !fault.ok()) return fault;
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    if (const auto fault = sync_fault(); !fault.ok()) return fault;
    return FSWritableFileOwnerWrapper::Fsync(options, context);
  }

 private:
  static rocksdb::IOStatus no_space() {
    rocksdb::IOStatus status = rocksdb::IOStatus::NoSpace("injected");
    status.SetRetryable(true);
    return status;
  }
  rocksdb::IOStatus sync_fault() const {
    if (faults_->sync_has_no_space) return no_space();
    return faults_->sync_fails ? rocksdb::IOStatus::IOError("injected") : rocksdb::IOStatus::OK();
  }

  const std::shared_ptr<Faults> faults_;
};

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(std::shared_ptr<Faults> faults)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(std::move(faults)) {}
  const char* Name() const override { return "FaultyFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override {
    if (faults_->no_descriptors) return no_descriptors();
    std::unique_ptr<rocksdb::FSWritableFile> file;
    rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &file, context);
    if (status.ok()) *result = std::make_unique<FaultyFile>(std::move(file), faults_);
    return status;
  }
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* context) override {
    if (faults_->no_descriptors) return no_descriptors();
    return FileSystemWrapper::NewRandomAccessFile(name, options, result, context);
  }

 private:
  // As the real one says it.
  static rocksdb::IOStatus no_descriptors() { return rocksdb::IOStatus::IOError("injected", std::strerror(EMFILE)); }

  const std::shared_ptr<Faults> faults_;
};

}  // namespace troupe
