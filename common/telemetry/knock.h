#ifndef VIBESTACK_COMMON_TELEMETRY_KNOCK_H_
#define VIBESTACK_COMMON_TELEMETRY_KNOCK_H_

#include <string>

namespace vibestack {

// Opens a connection to a listener of this process and closes it, which wakes the listener's
// accepting thread. `address` is what it was told to listen on, `host:port`; its port may be 0, for
// `port` is used. Failures do not matter and are not told.
void Knock(const std::string& address, int port);

}  // namespace vibestack

#endif  // VIBESTACK_COMMON_TELEMETRY_KNOCK_H_
