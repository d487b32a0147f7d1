import { render } from "preact";

import { App } from "./app.tsx";
import { loadConfig } from "./state/config.ts";
import { startTheme } from "./state/preferences.ts";
import { startRoutes } from "./state/route.ts";

startTheme();
startRoutes();
void loadConfig();

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
