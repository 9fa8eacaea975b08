#pragma once

#include "storage_world.h"

namespace troupe {

/// One actor store whose rows are in memory and whose databases are real files.
class SqliteWorld : public testing::Test {
 protected:
  SqliteWorld() { open(tiny_settings()); }
  void open(const StorageSettings& settings) {
    actors_.reset();
    actors_ = make_actor_store(world_.ports(), *store_, world_.directory() / "sqlite", settings);
  }
  ActorId awake(std::uint32_t generation = 1) {
    const ActorId id = world_.make_id();
    actors_->set_generation(id, generation);
    return id;
  }
  std::unique_ptr<Database> database(ActorId id, std::uint32_t generation = 1) {
    return actors_->database(id, generation, world_.ports().io);
  }
  std::filesystem::path file_of(ActorId id) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world_.directory() / "sqlite")) {
      if (entry.path().filename() == id.text() + ".sqlite") return entry.path();
    }
    return {};
  }
  Result<SqlResult> execute(Database& db, std::string sql, SqlParams params = {}) {
    return world_.run(db.execute(std::move(sql), std::move(params)));
  }
  static std::string text(const Result<SqlResult>& result) {
    if (!result) return result.error().id() + ": " + result.error().detail();
    std::string out;
    for (const auto& row : result->rows) {
      for (const SqlValue& value : row) {
        if (const auto* n = std::get_if<std::int64_t>(&value)) out += std::to_string(*n);
        if (const auto* d = std::get_if<double>(&value)) out += std::to_string(*d);
        if (const auto* s = std::get_if<std::string>(&value)) out += "'" + *s + "'";
        if (const auto* blob = std::get_if<Bytes>(&value)) out += "x" + std::to_string(blob->size());
        if (std::holds_alternative<std::monostate>(value)) out += "NULL";
        out += ' ';
      }
    }
    return out;
  }
  static std::string error_text(const Error& error) {
    return std::string(error.metadata()->find("error")->as_string().value());
  }

  StorageWorld world_;
  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<ActorStore> actors_;
};

}  // namespace troupe
