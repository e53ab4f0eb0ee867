/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Times of logs. See moment.h. By hand, as this runs for every line and strptime() is slow.
 */
#include "evidence/moment.h"

#include <string.h>
#include <time.h>

enum { DAY_S = 86400, MS = 1000 };

/* Exactly `count` digits, or -1. */
static int number(const char *text, int count)
{
  int value = 0;
  for (int i = 0; i < count; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -1;
    value = value * 10 + text[i] - '0';
  }
  return value;
}

/* Counts years from March, so that the leap day is the last one. */
int64_t moment_day(int year, int month, int day)
{
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "hh:mm:ss" in seconds, or -1. */
static int read_clock(const char *text)
{
  int hour = number(text, 2), minute, second;
  if (hour < 0 || hour > 23 || text[2] != ':')
    return -1;
  minute = number(text + 3, 2);
  if (minute < 0 || minute > 59 || text[5] != ':')
    return -1;
  second = number(text + 6, 2);
  return second < 0 || second > 60 ? -1 : hour * 3600 + minute * 60 + second;
}

/* ".123456": characters, and milliseconds. */
static size_t read_decimals(const char *text, int *ms)
{
  size_t at = 0;
  int unit = 100;
  *ms = 0;
  if (text[0] != '.' || text[1] < '0' || text[1] > '9')
    return 0;
  for (at = 1; text[at] >= '0' && text[at] <= '9'; at++, unit /= 10)
    *ms += unit * (text[at] - '0');
  return at;
}

/* "Z", "+01:00" or "+0100": characters, and what is to be taken off. 0 where there is none. */
static size_t read_zone(const char *text, int *seconds)
{
  *seconds = 0;
  if (*text == 'Z' || *text == 'z')
    return 1;
  if (*text != '+' && *text != '-')
    return 0;
  int hours = number(text + 1, 2);
  if (hours < 0 || hours > 23)
    return 0;
  size_t colon = text[3] == ':'; /* journalctl -o short-iso of systemd before 255 leaves it out */
  int minutes = number(text + 3 + colon, 2);
  if (minutes < 0 || minutes > 59)
    return 0;
  *seconds = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
  return 5 + colon;
}

size_t moment_read(int64_t *moment, const char *text)
{
  int year = number(text, 4), month, day, clock, zone;
  if (year < 0 || text[4] != '-' || (month = number(text + 5, 2)) < 1 || month > 12 || text[7] != '-' ||
      (day = number(text + 8, 2)) < 1 || day > 31 || (text[10] != 'T' && text[10] != ' ') ||
      (clock = read_clock(text + 11)) < 0)
    return 0;
  int ms;
  size_t at = 19 + read_decimals(text + 19, &ms);
  size_t length = read_zone(text + at, &zone);
  if (length == 0)
    return 0;
  *moment = ((moment_day(year, month, day) * DAY_S + clock) - zone) * MS + ms;
  return at + length;
}

/* Local time, by the hour: the C library reads its zone anew at each call. */
static int64_t local_hour(int year, int month, int day, int hour)
{
  static _Thread_local int known[4];
  static _Thread_local int64_t seconds;
  if (known[0] == year && known[1] == month && known[2] == day && known[3] == hour && seconds != 0)
    return seconds;
  struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_isdst = -1};
  seconds = mktime(&tm);
  known[0] = year;
  known[1] = month;
  known[2] = day;
  known[3] = hour;
  return seconds;
}

size_t moment_read_short(int64_t *moment, const char *text, int64_t latest)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int month = 0, day, clock, ms;
  for (int i = 0; i < 12; i++)
    if (strncmp(text, months + 3 * i, 3) == 0)
      month = i + 1;
  if (month == 0 || text[3] != ' ')
    return 0;
  day = text[4] == ' ' ? number(text + 5, 1) : number(text + 4, 2);
  if (day < 1 || day > 31 || text[6] != ' ' || (clock = read_clock(text + 7)) < 0)
    return 0;
  struct tm tm;
  time_t end = (time_t)(latest / MS + DAY_S);
  size_t length = 15 + read_decimals(text + 15, &ms);
  gmtime_r(&end, &tm);
  for (int year = tm.tm_year + 1900 + 1;; year--) {
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2 && day == 29 && !is_leap)
      continue;
    int64_t seconds = local_hour(year, month, day, clock / 3600) + clock % 3600;
    if (seconds <= end) {
      *moment = seconds * MS + ms;
      return length;
    }
  }
}
