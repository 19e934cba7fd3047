export const HANT: Record<string, string> = {};
