#include "engine/clientproto/document_decode.h"

#include "engine/clientproto/fields.h"

namespace troupe::clientproto::document {
namespace {

/// `{"body":{"tag":…,"val":…}}`; the members come in any order, so the value is read after the object.
struct Envelope {
  std::string tag;
  BytesView val;
};

Envelope read_envelope(CborReader& in) {
  Envelope envelope;
  bool has_body = false;
  read_object(in, [&](std::string_view key) {
    if (key != "body") return false;
    has_body = true;
    read_object(in, [&](std::string_view member) {
      if (member == "tag")
        envelope.tag = read_text(in);
      else if (member == "val")
        envelope.val = in.raw();
      else
        return false;
      return true;
    });
    return true;
  });
  if (!has_body) in.fail("body is missing");
  return envelope;
}

/// Reads `val` with `read_val`; its failure becomes the frame's.
template <class ReadVal>
void read_body(CborReader& in, const Envelope& envelope, ReadVal read_val) {
  CborReader val(envelope.val);
  read_val(val);
  if (!val.ok()) in.fail(val.error().detail());
}

void require(CborReader& in, bool present, std::string_view what) {
  if (!present) in.fail(what);
}

ActionRequest read_action_request(CborReader& in) {
  ActionRequest message;
  bool has_id = false, has_name = false, has_args = false;
  read_object(in, [&](std::string_view key) {
    if (key == "id") {
      message.id = read_id(in);
      has_id = true;
    } else if (key == "name") {
      message.name = read_text(in);
      has_name = true;
    } else if (key == "args") {
      message.args = read_args(in);
      has_args = true;
    } else {
      return false;
    }
    return true;
  });
  require(in, has_id && has_name && has_args, "an action request needs id, name and args");
  return message;
}

SubscriptionRequest read_subscription_request(CborReader& in) {
  SubscriptionRequest message;
  bool has_name = false, has_subscribe = false;
  read_object(in, [&](std::string_view key) {
    if (key == "eventName") {
      message.event_name = read_text(in);
      has_name = true;
    } else if (key == "subscribe") {
      message.subscribe = read_boolean(in);
      has_subscribe = true;
    } else {
      return false;
    }
    return true;
  });
  require(in, has_name && has_subscribe, "a subscription needs eventName and subscribe");
  return message;
}

Init read_init(CborReader& in) {
  Init message;
  read_object(in, [&](std::string_view key) {
    if (key == "actorId")
      message.actor_id = read_text(in);
    else if (key == "connectionId")
      message.connection_id = read_text(in);
    else
      return false;
    return true;
  });
  require(in, !message.actor_id.empty() && !message.connection_id.empty(), "an init needs actorId and connectionId");
  return message;
}

ActionResponse read_action_response(CborReader& in) {
  ActionResponse message;
  bool has_id = false;
  read_object(in, [&](std::string_view key) {
    if (key == "id") {
      message.id = read_id(in);
      has_id = true;
    } else if (key == "output") {
      message.output = read_value(in);
    } else {
      return false;
    }
    return true;
  });
  require(in, has_id && !message.output.empty(), "an action response needs id and output");
  return message;
}

Event read_event(CborReader& in) {
  Event message;
  bool has_name = false;
  read_object(in, [&](std::string_view key) {
    if (key == "name") {
      message.name = read_text(in);
      has_name = true;
    } else if (key == "args") {
      message.args = read_args(in);
    } else {
      return false;
    }
    return true;
  });
  require(in, has_name && !message.args.empty(), "an event needs name and args");
  return message;
}

ActorSpecifier read_actor(CborReader& in) {
  ActorSpecifier actor;
  read_object(in, [&](std::string_view key) {
    if (key == "actorId") {
      actor.actor_id = read_text(in);
    } else if (key == "generation") {
      actor.generation = read_id(in);
    } else if (key == "key") {
      if (!in.take_null()) actor.key = read_text(in);
    } else {
      return false;
    }
    return true;
  });
  require(in, !actor.actor_id.empty(), "an actor needs actorId");
  return actor;
}

/// The members that HTTP errors and error frames share.
bool read_error_member(CborReader& in, std::string_view key, HttpResponseError& error) {
  if (key == "group") {
    error.group = read_text(in);
  } else if (key == "code") {
    error.code = read_text(in);
  } else if (key == "message") {
    error.message = read_text(in);
  } else if (key == "metadata") {
    if (!in.take_null()) error.metadata = read_value(in);
  } else if (key == "actor") {
    if (!in.take_null()) error.actor = read_actor(in);
  } else {
    return false;
  }
  return true;
}

ErrorFrame read_error_frame(CborReader& in) {
  ErrorFrame message;
  read_object(in, [&](std::string_view key) {
    if (key != "actionId") return read_error_member(in, key, message.error);
    if (!in.take_null()) message.action_id = read_id(in);
    return true;
  });
  require(in, !message.error.group.empty() && !message.error.code.empty(), "an error needs group and code");
  return message;
}

}  // namespace

void read(CborReader& in, HttpActionRequest& message) {
  message.args = {kEmptyArrayItem};
  read_object(in, [&](std::string_view key) {
    if (key != "args") return false;
    message.args = read_args(in);
    return true;
  });
}

void read(CborReader& in, HttpActionResponse& message) {
  read_object(in, [&](std::string_view key) {
    if (key != "output") return false;
    message.output = read_value(in);
    return true;
  });
  require(in, !message.output.empty(), "an action response needs output");
}

void read(CborReader& in, HttpQueueSendRequest& message) {
  message.body = {kNullItem};
  read_object(in, [&](std::string_view key) {
    if (key == "body") {
      message.body = read_value(in);
    } else if (key == "name") {
      if (!in.take_null()) message.name = read_text(in);
    } else if (key == "wait") {
      if (!in.take_null()) message.wait = read_boolean(in);
    } else if (key == "timeout") {
      if (!in.take_null()) message.timeout_ms = read_uint(in);
    } else {
      return false;
    }
    return true;
  });
}

void read(CborReader& in, HttpQueueSendResponse& message) {
  read_object(in, [&](std::string_view key) {
    if (key == "status")
      message.status = read_text(in);
    else if (key == "response")
      message.response = read_value(in);
    else
      return false;
    return true;
  });
  require(in, !message.status.empty(), "a queue response needs status");
}

void read(CborReader& in, HttpResponseError& message) {
  read_object(in, [&](std::string_view key) { return read_error_member(in, key, message); });
  require(in, !message.group.empty() && !message.code.empty(), "an error needs group and code");
}

void read(CborReader& in, ToServer& message) {
  const Envelope envelope = read_envelope(in);
  if (!in.ok()) return;
  read_body(in, envelope, [&](CborReader& val) {
    if (envelope.tag == "ActionRequest")
      message = read_action_request(val);
    else if (envelope.tag == "SubscriptionRequest")
      message = read_subscription_request(val);
    else
      val.fail("unknown tag");
  });
}

void read(CborReader& in, ToClient& message) {
  const Envelope envelope = read_envelope(in);
  if (!in.ok()) return;
  read_body(in, envelope, [&](CborReader& val) {
    if (envelope.tag == "Init")
      message = read_init(val);
    else if (envelope.tag == "Error")
      message = read_error_frame(val);
    else if (envelope.tag == "ActionResponse")
      message = read_action_response(val);
    else if (envelope.tag == "Event")
      message = read_event(val);
    else
      val.fail("unknown tag");
  });
}

}  // namespace troupe::clientproto::document
