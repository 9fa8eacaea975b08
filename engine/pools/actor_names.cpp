#include "engine/pools/actor_names.h"

#include <mutex>

#include "engine/base/codec/json_nesting.h"
#include "engine/base/errors.h"
#include "engine/directory/actor_locks.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

using Names = std::map<std::string, std::string>;

class StoredNames final : public ActorNames {
 public:
  explicit StoredNames(Store& store) : store_(store) {}

  Task<Result<void>> open() override {
    auto range = keys::family(keys::Family::actor_name);
    TROUPE_CO_TRY(auto rows, co_await store_.scan(std::move(range.begin), std::move(range.end)));
    for (const auto& row : rows) {
      const auto key = keys::parse_actor_name(row.key);
      if (!key) co_return make_error("storage", "corrupt", std::nullopt, "key of an actor name");
      std::lock_guard lock(mutex_);
      namespaces_[key->namespace_id][key->name] = to_string(row.value);
    }
    co_return Result<void>();
  }

  Task<Result<void>> announce(NamespaceId ns, Names names) override {
    if (news(ns, names).empty()) co_return Result<void>();
    const auto writing = co_await writers_.lock(ns);
    auto changed = news(ns, names);
    if (changed.empty()) co_return Result<void>();
    WriteBatch batch;
    for (const auto& [name, metadata] : changed) batch.put(keys::actor_name(ns, name), to_bytes(metadata));
    TROUPE_CO_CHECK(co_await store_.commit(std::move(batch), Ack::written));
    std::lock_guard lock(mutex_);
    auto& known = namespaces_[ns];
    for (auto& [name, metadata] : changed) known[name] = std::move(metadata);
    co_return Result<void>();
  }

  Names list(const NamespaceId& ns) const override {
    std::lock_guard lock(mutex_);
    const auto found = namespaces_.find(ns);
    return found == namespaces_.end() ? Names() : found->second;
  }

 private:
  /// What is not yet known and within the bounds.
  Names news(const NamespaceId& ns, const Names& names) const {
    std::lock_guard lock(mutex_);
    const auto known = namespaces_.find(ns);
    auto total = known == namespaces_.end() ? 0 : known->second.size();
    Names out;
    for (const auto& [name, metadata] : names) {
      if (name.size() > kActorNameBytesMax || metadata.size() > kActorNameMetadataBytesMax) continue;
      if (json_nesting(metadata) > kActorNameNestingMax) continue;
      const auto* old = known == namespaces_.end() ? nullptr : find(known->second, name);
      if (old && *old == metadata) continue;
      if (!old && total++ >= kActorNamesPerNamespaceMax) break;
      out.emplace(name, metadata);
    }
    return out;
  }

  static const std::string* find(const Names& names, const std::string& name) {
    const auto found = names.find(name);
    return found == names.end() ? nullptr : &found->second;
  }

  Store& store_;
  ActorLocks writers_;
  mutable std::mutex mutex_;
  std::map<NamespaceId, Names> namespaces_;
};

}  // namespace

std::unique_ptr<ActorNames> make_actor_names(Store& store) { return std::make_unique<StoredNames>(store); }

}  // namespace troupe
