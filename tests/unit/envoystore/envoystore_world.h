#pragma once

#include "engine/directory/directory.h"
#include "engine/envoystore/envoy_store.h"
#include "tests/unit/pages/pages_world.h"

namespace troupe {

/// The storage of envoys on RocksDB with tiny buffers, one namespace, one envoy, one actor in generation 1.
class EnvoyStoreTest : public testing::Test {
 protected:
  EnvoyStoreTest() {
    open();
    ns_ = directory_->find_namespace("default").value();
    peer_ = envoys_->connect(ns_.id, ns_.name);
    id_ = create("one");
  }
  void open() {
    store_ = open_store(world_.ports(), world_.directory() / "store", tiny_settings()).value();
    actors_ = make_actor_store(world_.ports(), *store_, world_.directory() / "sqlite", tiny_settings());
    directory_ = make_directory(world_.ports(), *store_, *actors_, 1);
    EXPECT_TRUE(world_.run(directory_->open()));
    envoys_ = make_envoy_store(world_.ports(), *directory_, *store_, *actors_, settings_);
  }
  void close() {
    envoys_.reset();
    directory_.reset();
    actors_.reset();
    store_.reset();
  }
  ActorId create(std::string name, std::uint32_t generation = 1) {
    CreateActor create;
    create.namespace_id = ns_.id;
    create.name = std::move(name);
    create.pool = "default";
    const ActorId id = world_.run(directory_->create(std::move(create))).value().id;
    actors_->set_generation(id, generation);
    return id;
  }
  void destroy(ActorId id) { ASSERT_TRUE(world_.run(directory_->destroy(id, world_.ports().clock.now_ms()))); }

  template <class Request>
  auto ask(Request request) {
    return world_.run(envoys_->handle(peer_, std::move(request)));
  }
  envoyproto::KvResponseData ask_kv(envoyproto::KvRequestData request, std::optional<std::string> actor_id = {}) {
    return world_.run(envoys_->handle(peer_, actor_id.value_or(id_.text()), std::move(request)));
  }
  /// "ok" or "<group>.<code>: <message>".
  template <class Response>
  static std::string outcome(const Response& response) {
    const auto* error = std::get_if<envoyproto::SqliteErrorResponse>(&response);
    return error ? error->group + "." + error->code + ": " + error->message : "ok";
  }

  EnvoyStoreSettings settings_;
  StorageWorld world_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<EnvoyStore> envoys_;
  NamespaceRecord ns_;
  EnvoyStore::Peer peer_;
  ActorId id_;
};

}  // namespace troupe
