#include "engine/runtime/state/actor_data.h"

#include "engine/base/errors.h"
#include "engine/runtime/state/staged_kv.h"

namespace troupe {
namespace {

template <class T>
Task<Result<T>> refuse(std::string_view group, std::string_view code) {
  co_return make_error(group, code);
}

}  // namespace

/// Forwards until it is shut. The actor's code keeps the reference, so the object stays.
class ActorData::GuardedKeyValue final : public KeyValue {
 public:
  explicit GuardedKeyValue(std::unique_ptr<KeyValue> inner) : inner_(std::move(inner)) {}
  void shut() { shut_ = true; }

  Task<Result<std::optional<Bytes>>> get(Bytes key) override {
    if (shut_) return closed<std::optional<Bytes>>();
    return inner_->get(std::move(key));
  }
  Task<Result<std::vector<std::optional<Bytes>>>> get_many(std::vector<Bytes> keys) override {
    if (shut_) return closed<std::vector<std::optional<Bytes>>>();
    return inner_->get_many(std::move(keys));
  }
  Task<Result<void>> put(Bytes key, Bytes value) override {
    if (shut_) return closed<void>();
    return inner_->put(std::move(key), std::move(value));
  }
  Task<Result<void>> put_many(std::vector<KvEntry> entries) override {
    if (shut_) return closed<void>();
    return inner_->put_many(std::move(entries));
  }
  Task<Result<void>> erase(std::vector<Bytes> keys) override {
    if (shut_) return closed<void>();
    return inner_->erase(std::move(keys));
  }
  Task<Result<std::vector<KvEntry>>> list_prefix(Bytes prefix, KvListOptions options) override {
    if (shut_) return closed<std::vector<KvEntry>>();
    return inner_->list_prefix(std::move(prefix), options);
  }
  Task<Result<std::vector<KvEntry>>> list_range(Bytes start, Bytes end, KvListOptions options) override {
    if (shut_) return closed<std::vector<KvEntry>>();
    return inner_->list_range(std::move(start), std::move(end), options);
  }
  Task<Result<void>> erase_range(Bytes start, Bytes end) override {
    if (shut_) return closed<void>();
    return inner_->erase_range(std::move(start), std::move(end));
  }

 private:
  template <class T>
  static Task<Result<T>> closed() {
    return refuse<T>("actor", "stopping");
  }

  std::unique_ptr<KeyValue> inner_;
  bool shut_ = false;
};

/// Stands in when the database is first asked for after the end.
class ActorData::ClosedDatabase final : public Database {
 public:
  Task<Result<SqlResult>> exec(std::string) override { return refuse<SqlResult>("sqlite", "closed"); }
  Task<Result<SqlResult>> execute(std::string, SqlParams) override { return refuse<SqlResult>("sqlite", "closed"); }
  Task<Result<std::vector<SqlResult>>> execute_batch(std::vector<SqlStatement>) override {
    return refuse<std::vector<SqlResult>>("sqlite", "closed");
  }
  Task<Result<std::shared_ptr<SqlTransaction>>> begin(std::chrono::milliseconds) override {
    return refuse<std::shared_ptr<SqlTransaction>>("sqlite", "closed");
  }
};

ActorData::ActorData(ActorStore& store, StateSaver& saver, ActorId id, std::uint32_t generation)
    : store_(store), saver_(saver), id_(id), generation_(generation) {}

ActorData::~ActorData() = default;

KeyValue& ActorData::kv() {
  if (!kv_) {
    kv_ = std::make_unique<GuardedKeyValue>(make_staged_kv(id_, saver_, store_.key_value(id_, generation_)));
    if (closed_) kv_->shut();
  }
  return *kv_;
}

Database& ActorData::db() {
  if (!db_) {
    db_ = closed_ ? std::make_unique<ClosedDatabase>() : store_.database(id_, generation_, saver_.executor());
  }
  return *db_;
}

void ActorData::close_kv() {
  closed_ = true;
  if (kv_) kv_->shut();
}

Task<void> ActorData::close_db() {
  closed_ = true;
  if (db_) co_await store_.close_database(id_, generation_);
}

}  // namespace troupe
