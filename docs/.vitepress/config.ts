import { defineConfig } from "vitepress";

// Dead links fail the build, so the site cannot point at pages that moved.
export default defineConfig({
  title: "Fovea",
  description: "Reinforcement learning with verifiable rewards for vision-language policies, in TypeScript.",
  cleanUrls: true,
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Algorithms", link: "/algorithms" },
      { text: "Write one", link: "/write-an-algorithm" },
    ],
    sidebar: [
      { text: "Fovea", link: "/" },
      { text: "The algorithms", link: "/algorithms" },
      { text: "Write an algorithm", link: "/write-an-algorithm" },
      { text: "A run's directory", link: "/run-directory" },
    ],
  },
});
