#include "engine/storage/actors/actor_store.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/async.h"
#include "engine/storage/actors/actor_kv.h"
#include "engine/storage/actors/generation_fences.h"
#include "engine/storage/keys.h"
#include "engine/storage/open.h"
#include "engine/storage/pages/page_store.h"
#include "engine/storage/sqlite/sqlite_database.h"
#include "engine/storage/sqlite/sqlite_files.h"
#include "engine/storage/store_access.h"

namespace troupe {
namespace {

/// Leftover removal notes read at a time.
constexpr std::size_t kRemovalNotesPerScan = 256;

Task<void> remove_files_task(std::shared_ptr<StoreAccess> access, std::shared_ptr<SqliteFiles> files, ActorId id) {
  const Result<void> removed = co_await SqliteFiles::remove(files, id);
  // The note stays: the next start tries again.
  if (!removed) co_return;
  WriteBatch batch;
  batch.erase(keys::file_removal(id));
  auto erased = access->with([&](Store& store) { return store.commit(std::move(batch), Ack::written); });
  if (erased) co_await std::move(*erased);
}

/// Works off the notes of removals that a crash has interrupted.
Task<void> remove_leftovers(std::shared_ptr<StoreAccess> access, std::shared_ptr<SqliteFiles> files) {
  keys::Range rest = keys::family(keys::Family::file_removal);
  while (true) {
    ScanOptions options;
    options.limit = kRemovalNotesPerScan;
    auto scan = access->with([&](Store& store) { return store.scan(rest.begin, rest.end, options); });
    if (!scan) co_return;
    const auto notes = co_await std::move(*scan);
    if (!notes || notes->empty()) co_return;
    for (const StoreEntry& note : *notes) {
      if (const auto id = keys::parse_file_removal(note.key)) co_await remove_files_task(access, files, *id);
    }
    // Past the last one: a file that cannot be deleted is not tried for ever.
    rest.begin = notes->back().key;
    rest.begin.push_back(0);
  }
}

Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections_task(Store* store, ActorId id) {
  keys::Range range = keys::actor_connections(id);
  TROUPE_CO_TRY(auto rows, co_await store->scan(std::move(range.begin), std::move(range.end)));
  std::vector<ActorSave::ConnectionRow> connections;
  connections.reserve(rows.size());
  for (StoreEntry& row : rows) {
    connections.push_back({std::string(keys::connection_id_of(row.key)), std::move(row.value)});
  }
  co_return connections;
}

Task<void> close_database_task(std::shared_ptr<SqliteFile> file, std::uint32_t generation) {
  if (!file) co_return;
  auto close = [file, generation](Continuation<Done> closed) { file->close_generation(generation, std::move(closed)); };
  co_await suspend<Done>(std::move(close));
}

class RealActorStore final : public ActorStore {
 public:
  RealActorStore(const Ports& ports, Store& store, const std::filesystem::path& sqlite_directory,
                 const StorageSettings& settings)
      : store_(store),
        access_(std::make_shared<StoreAccess>(store)),
        fences_(std::make_shared<GenerationFences>()),
        files_(SqliteFiles::make(ports, sqlite_directory, settings, fences_)),
        pages_(PageStore::make(ports, store, fences_)) {
    boost::asio::co_spawn(ports.io, remove_leftovers(access_, files_), boost::asio::detached);
  }

  ~RealActorStore() override {
    access_->close();
    pages_->close();
    files_->close();
  }

  Task<Result<std::optional<Bytes>>> load_state(ActorId id) override { return store_.get(keys::actor_state(id)); }

  Task<Result<void>> save(ActorId id, std::uint32_t generation, ActorSave save, Ack ack) override {
    WriteBatch batch;
    if (save.state) batch.put(keys::actor_state(id), std::move(*save.state));
    for (ActorSave::ConnectionRow& row : save.connections) {
      batch.put(keys::actor_connection(id, row.conn_id), std::move(row.record));
    }
    for (const std::string& conn_id : save.connections_removed) batch.erase(keys::actor_connection(id, conn_id));
    if (save.rows) save.rows->append_to(batch);
    batch.guard([fences = fences_, id, generation] { return fences->hold(id, generation); });
    return store_.commit(std::move(batch), ack);
  }

  Task<Result<std::vector<ActorSave::ConnectionRow>>> load_connections(ActorId id) override {
    return load_connections_task(&store_, id);
  }

  Task<Result<std::optional<Bytes>>> load_row(Bytes key) override { return store_.get(std::move(key)); }

  Task<Result<std::vector<StoreEntry>>> load_rows(keys::Range range, ScanOptions options) override {
    return store_.scan(std::move(range.begin), std::move(range.end), options);
  }

  std::unique_ptr<KeyValue> key_value(ActorId id, std::uint32_t generation) override {
    return make_actor_kv(store_, fences_, id, generation);
  }

  std::unique_ptr<Database> database(ActorId id, std::uint32_t generation, Executor) override {
    return make_sqlite_database(files_->file(id), generation);
  }

  Task<void> close_database(ActorId id, std::uint32_t generation) override {
    return close_database_task(files_->find(id), generation);
  }

  void set_generation(ActorId id, std::uint32_t generation) override { fences_->set(id, generation); }
  void forget_generation(ActorId id, std::uint32_t generation) override { fences_->forget(id, generation); }

  PageStore* pages() override { return pages_.get(); }

  void erase_all(ActorId id, WriteBatch& batch) override {
    keys::Range range = keys::actor_data(id);
    batch.erase_range(std::move(range.begin), std::move(range.end));
    batch.put(keys::file_removal(id), {});
  }

  Task<void> remove_files(ActorId id) override { return remove_files_task(access_, files_, id); }

 private:
  Store& store_;
  const std::shared_ptr<StoreAccess> access_;
  const std::shared_ptr<GenerationFences> fences_;
  const std::shared_ptr<SqliteFiles> files_;
  const std::shared_ptr<PageStore> pages_;
};

}  // namespace

std::unique_ptr<ActorStore> make_actor_store(const Ports& ports, Store& store,
                                             const std::filesystem::path& sqlite_directory,
                                             const StorageSettings& settings) {
  return std::make_unique<RealActorStore>(ports, store, sqlite_directory, settings);
}

}  // namespace troupe
