#pragma once

#include <memory>

#include "engine/base/ports.h"
#include "engine/hosts/host.h"
#include "troupe/http.h"

namespace troupe {

/// Terminates the RivetKit client protocol for an in-process actor: the routes `/action/*`, `/request/*`, `/connect`,
/// `/health`, … in JSON, CBOR and BARE, translated into calls on the instance. Source: client protocol of 2.3.19.
///
/// `request.target` is the path as the actor sees it. Every answer carries the x-rivet-actor* headers. The only error
/// is `actor.stopping` / `actor.not_ready` / `actor.destroying` before anything has run and before a streamed body was
/// read, so that the request can be repeated; all other failures are encoded responses.
Task<Result<HttpResponse>> front_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request);

/// `/connect` speaks the connection protocol, every other path is the actor's own raw socket. A refused admission is
/// told to the client on `socket` and is a success here. `/connect` can always hibernate, a raw socket when the actor's
/// `can_hibernate_websocket` or `can_hibernate_websocket_of` says so. The set-up of `/connect` as a whole is bound by
/// the actor's `on_connect_timeout`, measured on `timers`.
Task<Result<OpenedSocket>> front_open_websocket(std::shared_ptr<ActorInstance> actor, HttpRequest upgrade,
                                                std::shared_ptr<RelayedSocket> socket, Timers& timers);

}  // namespace troupe
