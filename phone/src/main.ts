import "./ui/app";
import { language } from "./texts/language";
import { registerWorker } from "./ui/update";
import { world } from "./world";

document.documentElement.lang = language();
registerWorker();
void world.start();
