#include "engine/core/actor_table.h"

#include <array>

namespace troupe {
namespace {

using enum ActorRule;

constexpr ActorRule none = ignore;
using Row = std::array<ActorRule, kActorPhases>;

// clang-format off
constexpr std::array<Row, kActorInputs> kTable{{
//                     allocating        starting          running           sleep_intent         stop_intent       going_away     destroying       sleeping            reallocating      destroyed
/* host_chosen      */ {accept_host,     none,             none,             none,                none,             none,          none,            none,               none,             none},
/* host_acknowledged*/ {acknowledge,     none,             none,             none,                none,             none,          none,            none,               none,             none},
/* no_host          */ {retry_later,     none,             none,             none,                none,             none,          none,            none,               none,             none},
/* start_received   */ {none,            note_received,    none,             none,                none,             none,          none,            none,               none,             none},
/* running          */ {become_running_unasked, become_running,   none,             none,                none,             none,          none,            none,               none,             none},
/* sleep_intent     */ {none,            run_and_sleep,    fall_asleep,      none,                none,             none,          none,            none,               none,             none},
/* stop_intent      */ {none,            run_and_end,      end,              none,                none,             none,          none,            none,               none,             none},
/* stopped_ok       */ {none,            finish,           finish,           rest_or_rewake,      finish,           restart,       finish,          none,               none,             none},
/* stopped_error    */ {none,            rest,             rest,             rest_or_rewake,      rest,             restart,       finish,          none,               none,             none},
/* lost             */ {lose_rest,       lose_rest,        lose_rest,        lose_rest_or_rewake, lose_rest,        lose_restart,  lose_finish,     none,               none,             none},
/* set_alarm        */ {none,            store_alarm,      store_alarm,      store_alarm,         store_alarm,      store_alarm,   store_alarm,     none,               none,             none},
/* wake             */ {none,            none,             none,             remember_wake,       none,             none,          none,            allocate,           retry_now,        none},
/* alarm_due        */ {none,            none,             none,             none,                none,             none,          none,            allocate_for_alarm, none,             none},
/* sleep            */ {none,            none,             fall_asleep,      none,                none,             none,          none,            none,               give_up_retrying, none},
/* reschedule       */ {none,            none,             move_connectable, move_instead,        move_instead,     none,          none,            none,               none,             none},
/* drain            */ {remember_drain,  remember_drain,   move,             move_instead,        move_instead,     none,          none,            none,               none,             none},
/* destroy          */ {remember_destroy,remember_destroy, destroy_running,  destroy_instead,     destroy_instead,  destroy_instead,none,           finish_unhosted,    finish_unhosted,  none},
/* halt             */ {halt_starting,   halt_starting,    halt_running,     halt_stopping,       halt_stopping,    halt_stopping, none,            halt_asleep,        halt_retrying,    none},
/* timer            */ {lose_rest,       lose_rest,        none,             lose_rest_or_rewake, lose_rest,        lose_restart,  lose_finish,     none,               allocate,         none},
/* erase_failed     */ {none,            none,             none,             none,                none,             none,          none,            none,               none,             survive},
}};
// clang-format on

}  // namespace

ActorRule rule_for(ActorPhase phase, ActorInput input) {
  return kTable[static_cast<std::size_t>(input)][static_cast<std::size_t>(phase)];
}

}  // namespace troupe
