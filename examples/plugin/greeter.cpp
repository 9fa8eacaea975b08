#include <troupe/plugin.h>

namespace {

struct Greeter {
  std::int64_t greeted = 0;
  std::string last;
  TROUPE_FIELDS(greeted, last)
};

using Ctx = troupe::Context<Greeter>;

std::string greet(Greeter& state, Ctx& c, std::string name) {
  if (name.empty()) throw troupe::UserError("nobody", "a greeting needs a name");
  ++state.greeted;
  state.last = name;
  c.broadcast("greeted", name);
  return "Hello, " + name + "!";
}

/// Another actor, which may live in the daemon or in another library.
troupe::Task<troupe::Result<std::string>> introduce(Ctx& c, std::string key, std::string name) {
  co_return co_await c.actor("greeter", key).call<std::string>("greet", name);
}

troupe::Task<troupe::Result<void>> later(Ctx& c) {
  TROUPE_CO_CHECK(co_await c.delay(std::chrono::milliseconds(10)));
  co_return troupe::Result<void>();
}

}  // namespace

TROUPE_ACTORS(registry) {
  registry.add(troupe::actor<Greeter>("greeter")
                   .action("greet", &greet)
                   .action("introduce", &introduce)
                   .action("later", &later)
                   .action("state", [](const Greeter& state) { return state; }));
}
