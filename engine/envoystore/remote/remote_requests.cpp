#include "engine/envoystore/remote/remote_requests.h"

#include <limits>

#include "engine/base/errors.h"
#include "engine/envoystore/peer.h"
#include "engine/envoystore/remote/statements.h"
#include "engine/envoystore/wire_errors.h"

namespace troupe {
namespace {

using namespace envoyproto;

/// Who asks for what; the same for all kinds of statement requests.
struct Call {
  RemoteScope scope;
  EnvoyStore::Peer peer;
  std::string namespace_name;
  std::string actor_id;
  std::uint64_t generation = 0;
};

Task<Result<void>> run(Call call, remote::Databases::Work work) {
  if (call.peer->disconnected) co_return make_error("storage", "unavailable");
  if (call.namespace_name != call.peer->namespace_name) co_return make_error("actor", "not_found");
  TROUPE_CO_TRY(const ActorId id,
                co_await call.scope.actors.find_fenced(call.peer->namespace_id, std::move(call.actor_id)));
  if (call.generation > std::numeric_limits<std::uint32_t>::max()) co_return make_error("actor", "fenced");
  co_return co_await remote::Databases::run(call.scope.databases, id, static_cast<std::uint32_t>(call.generation),
                                            std::move(work));
}

/// Keeps what a call on the connection returns.
template <class T, class Fn>
remote::Databases::Work keep(std::shared_ptr<T> out, Fn fn) {
  return [out = std::move(out), fn = std::move(fn)](PageConnection& connection) -> Result<void> {
    TROUPE_TRY(*out, fn(connection));
    return {};
  };
}

template <class Request>
Call call_of(RemoteScope scope, EnvoyStore::Peer peer, Request& request) {
  Call call{std::move(scope), std::move(peer), {}, {}, request.generation};
  call.namespace_name = std::move(request.namespace_id);
  call.actor_id = std::move(request.actor_id);
  return call;
}

}  // namespace

Task<SqliteExecResponse> handle_remote(RemoteScope scope, EnvoyStore::Peer peer, SqliteExecRequest request) {
  Call call = call_of(std::move(scope), std::move(peer), request);
  const auto ok = std::make_shared<SqliteExecOk>();
  const std::shared_ptr<SqliteQueryResult> out(ok, &ok->result);
  auto work =
      keep(out, [sql = std::move(request.sql)](PageConnection& connection) { return remote::exec(connection, sql); });
  const auto done = co_await run(std::move(call), std::move(work));
  if (!done) co_return to_wire(done.error());
  co_return std::move(*ok);
}

Task<SqliteExecuteResponse> handle_remote(RemoteScope scope, EnvoyStore::Peer peer, SqliteExecuteRequest request) {
  Call call = call_of(std::move(scope), std::move(peer), request);
  const auto ok = std::make_shared<SqliteExecuteOk>();
  const std::shared_ptr<SqliteExecuteResult> out(ok, &ok->result);
  SqliteBatchStatement statement;
  statement.sql = std::move(request.sql);
  statement.params = std::move(request.params);
  auto work = keep(out, [statement = std::move(statement)](PageConnection& connection) {
    return remote::execute(connection, statement);
  });
  const auto done = co_await run(std::move(call), std::move(work));
  if (!done) co_return to_wire(done.error());
  co_return std::move(*ok);
}

Task<SqliteExecuteBatchResponse> handle_remote(RemoteScope scope, EnvoyStore::Peer peer,
                                               SqliteExecuteBatchRequest request) {
  Call call = call_of(std::move(scope), std::move(peer), request);
  const auto ok = std::make_shared<SqliteExecuteBatchOk>();
  const std::shared_ptr<std::vector<SqliteExecuteResult>> out(ok, &ok->results);
  auto work = keep(out, [statements = std::move(request.statements)](PageConnection& connection) {
    return remote::execute_batch(connection, statements);
  });
  const auto done = co_await run(std::move(call), std::move(work));
  if (!done) co_return to_wire(done.error());
  co_return std::move(*ok);
}

}  // namespace troupe
