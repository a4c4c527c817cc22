import { createContext } from "preact";
import type { Theme } from "./theme.ts";

export const ThemeContext = createContext<Theme>("light");
