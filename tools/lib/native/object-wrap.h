// Included before everything else when better-sqlite3 12 is compiled. From 24.19 on `node::ObjectWrap` takes back a
// cleanup hook in its destructor, for which Node 24 has to be within a context; garbage is also collected outside of one,
// and then the process aborts (nodejs/node#65446). Without these hooks it is what it is in every other line of Node.
#include <node.h>

namespace node {
inline void NoCleanupHook(v8::Isolate*, void (*)(void*), void*) {}
}  // namespace node

#define AddEnvironmentCleanupHook NoCleanupHook
#define RemoveEnvironmentCleanupHook NoCleanupHook
#include <node_object_wrap.h>
#undef AddEnvironmentCleanupHook
#undef RemoveEnvironmentCleanupHook
