#include <cmath>
#include <stdexcept>

#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBigMax = 32u << 20;

struct Opening {
  double opening = 0;
  TROUPE_FIELDS(opening)
};

/// Who moved the balance (nobody when no client made the call), and by how much.
using Entry = std::tuple<std::optional<std::string>, double>;

struct Account {
  double balance = 0;
  std::vector<Entry> log;
  TROUPE_FIELDS(balance, log)
};

/// A client, as it introduces itself and as its connection remembers it.
struct Client {
  std::string user = "anon";
  TROUPE_FIELDS(user)
};

struct Moved {
  double balance = 0;
  std::optional<std::string> by;
  TROUPE_FIELDS(balance, by)
};

struct Statement {
  double balance = 0;
  std::vector<Entry> log;
  std::vector<std::string> key;
  std::string name;
  TROUPE_FIELDS(balance, log, key, name)
};

using Ctx = Context<Account, Client>;

void refuse_banned(Client client) {
  if (client.user == "banned") throw UserError("banned", "no entry", Value::object({{"who", client.user}}));
}

double deposit(Account& account, Ctx& c, double n) {
  if (!(n > 0) || std::isinf(n)) throw UserError("bad_amount", "amount must be positive", Value::object({{"n", n}}));
  std::optional<std::string> by;
  if (auto conn = c.conn()) by = conn.state().user;
  account.balance += n;
  account.log.emplace_back(by, n);
  c.broadcast("moved", Moved{account.balance, by});
  return account.balance;
}

std::optional<Client> whoami(Ctx& c) {
  if (auto conn = c.conn()) return conn.state();
  return std::nullopt;
}

std::string big(std::size_t n) {
  if (n > kBigMax) throw UserError("too_big", "no more than 32 MiB");
  return std::string(n, 'x');
}

}  // namespace

ActorDefinition account_actor() {
  return actor<Account, Client>("account")
      .sleep_timeout(1500ms)
      .create_state([](Opening input) {
        return Account{input.opening, {}};
      })
      .on_before_connect(&refuse_banned)
      .create_conn_state([](Client client) { return client; })
      .action("deposit", &deposit)
      .action("read",
              [](const Account& s, Ctx& c) {
                return Statement{s.balance, s.log, c.key(), c.name()};
              })
      .action("types", [](Raw x) { return x; })
      .action("boom", []() -> void { throw std::runtime_error("boom: the vault code is 4711"); })
      .action("whoami", &whoami)
      .action("big", &big);
}

}  // namespace troupe
