#pragma once

#include "engine/clientproto/messages.h"
#include "troupe/behavior.h"
#include "troupe/http.h"

/// How the front answers HTTP: the headers that name the actor, and errors in the client's encoding.
namespace troupe {

/// Of `x-rivet-encoding`; JSON when it is missing or unknown.
clientproto::Encoding request_encoding(const HttpHeaders& headers);

/// Whether this error came from a generation that is not there (yet, any more) rather than from the request.
bool means_no_generation(const Error& error);

/// What an error message says about the actor that it came from.
clientproto::ActorSpecifier actor_specifier(const ActorInfo& actor);
/// The wire form of `error`, unmasked.
clientproto::HttpResponseError wire_error(const Error& error, std::optional<clientproto::ActorSpecifier> actor);

/// Puts x-rivet-actor, -generation and -key into the answer, over whatever stands there. A key that would break the
/// header is left out.
void name_actor(HttpResponse& response, const ActorInfo& actor);

HttpResponse text_answer(const ActorInfo& actor, int status, std::string_view content_type, std::string_view body);
HttpResponse encoded_answer(const ActorInfo& actor, clientproto::Encoding encoding, Bytes body);
/// Masked, with the status that an actor gives this error.
HttpResponse error_answer(const ActorInfo& actor, clientproto::Encoding encoding, const Error& error);
HttpResponse error_answer(const ActorInfo& actor, clientproto::Encoding encoding, const Error& error, int status);
/// The answer to bytes that are no message.
HttpResponse malformed_answer(const ActorInfo& actor, clientproto::Encoding encoding);

}  // namespace troupe
