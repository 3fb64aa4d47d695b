/// <reference types="vite/client" />
/** The licence notices, inserted by the build. */
declare const __NOTICES__: string;
