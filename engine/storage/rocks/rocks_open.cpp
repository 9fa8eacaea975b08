#include "engine/base/errors.h"
#include "engine/storage/keys.h"
#include "engine/storage/rocks/rocks_options.h"
#include "engine/storage/rocks/rocks_store.h"

namespace troupe {
namespace {

rocksdb::Slice slice(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

RocksCore::RocksCore(const Ports& ports, const StorageSettings& settings) : ports_(ports), settings_(settings) {}

Result<std::shared_ptr<RocksCore>> RocksCore::open(const Ports& ports, const std::filesystem::path& directory,
                                                   const StorageSettings& settings, rocksdb::Env* env) {
  TROUPE_CHECK(make_directories(directory));
  std::shared_ptr<RocksCore> core(new RocksCore(ports, settings));
  TROUPE_TRY(core->lock_, DirectoryLock::acquire(directory));

  const std::filesystem::path database = directory / "db";
  rocksdb::DB* opened = nullptr;
  rocksdb::Options options = rocks_options(settings);
  core->env_ = rocksdb::NewCompositeEnv(LogGuard::watch(env->GetFileSystem(), core->log_));
  options.env = core->env_.get();
  const rocksdb::Status status = rocksdb::DB::Open(options, database.string(), &opened);
  if (!status.ok()) return rocks_error(status, "cannot open " + database.string());
  core->db_.reset(opened);
  TROUPE_CHECK(core->check_format());
  // RocksDB syncs its own directory; the entry of that directory and of the lock are ours.
  TROUPE_CHECK(sync_directory(directory));

  core->sync_ = std::make_shared<GroupSync>(ports.storage, core->gate_, [raw = core.get()] { return raw->sync_log(); });
  core->background_sync_ = DelayedJob::make(ports, [weak = std::weak_ptr(core)] {
    if (const auto alive = weak.lock()) alive->sync_->request();
  });
  core->resume_later_ = DelayedJob::make(ports, [weak = std::weak_ptr(core)] {
    const auto alive = weak.lock();
    if (!alive) return;
    boost::asio::post(alive->ports_.storage, [alive] {
      if (const JobGate::Pass pass(alive->gate_); pass) alive->resume();
    });
  });
  return core;
}

Result<void> RocksCore::check_format() {
  const Bytes key = keys::format_version();
  std::string value;
  rocksdb::Status status = db_->Get({}, slice(key), &value);
  if (status.ok()) {
    const auto version = keys::parse_format_version(as_bytes(value));
    if (!version) return make_error("storage", "corrupt", std::nullopt, "the format version is unreadable");
    if (*version == keys::kFormatVersion) return {};
    return make_error("storage", "format_unsupported",
                      Value::object({{"found", *version}, {"supported", keys::kFormatVersion}}));
  }
  if (!status.IsNotFound()) return rocks_error(status, "cannot read the format version");

  const std::unique_ptr<rocksdb::Iterator> any(db_->NewIterator({}));
  any->SeekToFirst();
  if (!any->status().ok()) return rocks_error(any->status(), "cannot read the first key");
  if (any->Valid()) return make_error("storage", "corrupt", std::nullopt, "data without a format version");
  status = db_->Put({}, slice(key), slice(keys::encode_format_version(keys::kFormatVersion)));
  if (status.ok()) status = db_->SyncWAL();
  if (!status.ok()) return rocks_error(status, "cannot write the format version");
  return {};
}

RocksCore::~RocksCore() { close(); }

void RocksCore::close() {
  if (closed_) return;
  closed_ = true;
  if (background_sync_) background_sync_->close();
  if (resume_later_) resume_later_->close();
  gate_->close();
  if (!db_) return;
  if (sync_) {
    while (run_slow_commit()) {
    }
    sync_->finish();
  }
  // So that the next start has no log to replay, and so that `os` loses nothing by an orderly stop. Best effort: the
  // log still has everything.
  db_->Flush(rocksdb::FlushOptions()).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
  db_.reset();
  lock_ = DirectoryLock();
}

Result<std::unique_ptr<Store>> open_store(const Ports& ports, const std::filesystem::path& directory,
                                          const StorageSettings& settings) {
  TROUPE_TRY(std::shared_ptr<RocksCore> core, RocksCore::open(ports, directory, settings));
  return make_rocks_store(std::move(core));
}

}  // namespace troupe
