import { defineConfig } from "vite";

/** One program at a fixed address that the page names; what it loads beside itself is hashed. */
export default defineConfig({
  base: "/wall/",
  worker: { format: "es" },
  build: {
    outDir: "dist/wall",
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: { screen: "src/main.ts" },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith(".css")) ? "screen.css" : "assets/[name]-[hash][extname]"),
      },
    },
  },
});
