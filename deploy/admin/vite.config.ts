import { defineConfig } from "vite";

const gateway = process.env["ADMIN_GATEWAY"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./", // the page works under every path, such as /admin/
  // The workspace of `develop` has the sources as symbolic links; modules are found from the link.
  resolve: { preserveSymlinks: true },
  build: {
    target: "es2022",
    cssTarget: ["chrome125", "firefox125", "safari18"], // they know light-dark(), which needs no translation
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: URLs
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600, // `build` checks the compressed size
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/vibestack.": { target: gateway, changeOrigin: true } },
  },
});
