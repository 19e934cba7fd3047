/** The roster in hand: who is meant by what was read or typed. */

import type { Member, Roster } from "../protocol";
import { fromHex, toHex } from "../kernel/ids";
import { tidy, tidyCode } from "../kernel/codes";

export class People {
  readonly roster: Roster;
  private readonly byId: Map<string, Member>;
  private readonly byStaff = new Map<string, Member[]>();
  private readonly byDocument = new Map<string, Member>();

  constructor(roster: Roster) {
    this.roster = roster;
    this.byId = new Map(roster.people.map((member) => [member.person, member]));
    for (const member of roster.people) {
      const staff = tidyCode(member.staff_number);
      if (staff) this.byStaff.set(staff, [...(this.byStaff.get(staff) ?? []), member]);
      if (member.document_hash) this.byDocument.set(member.document_hash, member);
    }
  }

  get(person: string | undefined): Member | undefined {
    return person ? this.byId.get(person) : undefined;
  }

  /** Whose document this is; nobody when the roster does not know it. Blank never equals blank. */
  async withDocument(document: string, salt: string): Promise<Member | undefined> {
    return document ? this.byDocument.get(await documentHash(document, salt)) : undefined;
  }

  /** Those with exactly this staff number: two enterprises may give the same one. */
  withStaffNumber(text: string): Member[] {
    return this.byStaff.get(tidyCode(text)) ?? [];
  }

  /** Those whose name, pinyin initials, staff number or last digits begin so; the exact ones first. */
  search(text: string, most = 8): Member[] {
    const [name, code] = [tidy(text), tidyCode(text)];
    if (!name) return [];
    const initials = name.toLowerCase();
    const ranked: [number, Member][] = [];
    for (const member of this.roster.people) {
      const rank = rankOf(member, name, initials, code);
      if (rank) ranked.push([rank, member]);
    }
    // those who are still to come stand above those who are done
    ranked.sort(([one, a], [other, b]) => one - other || Number(a.done) - Number(b.done));
    return ranked.slice(0, most).map(([, member]) => member);
  }
}

function rankOf(member: Member, name: string, initials: string, code: string): number {
  if (member.name === name || member.initials === initials || tidyCode(member.staff_number) === code) return 1;
  if (member.name.startsWith(name) || member.initials.startsWith(initials)) return 2;
  if (code.length >= 2 && (tidyCode(member.staff_number).includes(code) || (code.length === 4 && member.tail === code))) return 3;
  return member.name.includes(name) ? 4 : 0;
}

/** The first 32 hexadecimal digits of HMAC-SHA-256 over the document, with the phone's salt as key. */
export async function documentHash(document: string, salt: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", fromHex(salt), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(tidyCode(document)));
  return toHex(new Uint8Array(signature)).slice(0, 32);
}
