import react from "@vitejs/plugin-react";

// As for development: only then does Strict Mode mount everything twice.
export default { plugins: [react()], mode: "development", build: { minify: false } };
