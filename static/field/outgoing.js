// The one sender of this page, for whoever shows or starts what it does.

import { outbox } from "./phone.js";
import { Sender } from "./sender.js";

export const sender = new Sender(outbox);
