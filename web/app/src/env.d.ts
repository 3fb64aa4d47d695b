/// <reference types="vite/client" />
/** The licence notices, put in by the build. */
declare const __NOTICES__: string;
