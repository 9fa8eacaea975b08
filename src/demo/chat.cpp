#include <set>

#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

constexpr std::size_t kNameMax = 40;
constexpr std::size_t kTextMax = 4'000;
constexpr std::int64_t kHistoryMax = 200;

/// Connection parameters and connection state: who is talking.
struct Guest {
  std::string name = "guest";
  TROUPE_FIELDS(name)
};

struct Message {
  std::int64_t id = 0;
  std::string name;
  std::string text;
  std::int64_t at = 0;
  TROUPE_FIELDS(id, name, text, at)
};

using Ctx = Context<None, Guest>;

Guest introduce(Guest guest) {
  if (guest.name.empty() || guest.name.size() > kNameMax)
    throw UserError("bad_name", "a name has 1 to 40 bytes", Value::object({{"name", guest.name.substr(0, kNameMax)}}));
  return guest;
}

std::string sender(Ctx& c) {
  if (auto conn = c.conn()) return conn.state().name;
  return "system";
}

Task<Result<Message>> send(Ctx& c, std::string text) {
  if (text.empty() || text.size() > kTextMax) throw UserError("bad_text", "a message has 1 to 4000 bytes");
  Message message{0, sender(c), std::move(text), c.now_ms()};
  auto inserted = co_await c.db().execute("INSERT INTO message (name, text, at) VALUES (?, ?, ?)", message.name,
                                          message.text, message.at);
  if (!inserted) co_return inserted.error();
  message.id = inserted->last_insert_rowid;
  c.broadcast("message", message);
  co_return message;
}

/// The newest messages, oldest first.
Task<Result<std::vector<Message>>> history(Ctx& c, std::optional<std::int64_t> limit) {
  const auto count = std::clamp<std::int64_t>(limit.value_or(50), 0, kHistoryMax);
  return c.db().query<Message>(
      "SELECT id, name, text, at FROM (SELECT * FROM message ORDER BY id DESC LIMIT ?) ORDER BY id", count);
}

/// A connection that stays; the one of a single HTTP call neither joins nor leaves.
bool stays(const Conn<Guest>& conn) { return conn.hibernatable(); }

std::vector<std::string> who(Ctx& c) {
  std::set<std::string> names;
  for (const auto& conn : c.conns())
    if (stays(conn)) names.insert(conn.state().name);
  return {names.begin(), names.end()};
}

}  // namespace

ActorDefinition chat_actor() {
  return actor<None, Guest>("chat")
      .on_migrate([](Ctx& c) {
        return c.db().exec(
            "CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, "
            "at INTEGER NOT NULL)");
      })
      .create_conn_state(&introduce)
      .on_connect([](Ctx& c) {
        if (stays(c.conn())) c.broadcast("joined", sender(c));
      })
      .on_disconnect([](Ctx& c) {
        if (stays(c.conn())) c.broadcast("left", sender(c));
      })
      .action("send", &send)
      .action("history", &history)
      .action("who", &who)
      .action("typing", [](Ctx& c, bool on) { c.broadcast("typing", sender(c), on); });
}

}  // namespace troupe
