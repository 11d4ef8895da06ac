/*
 * process_bench: whole processes, each from cold: wall time and the most memory any of them used.
 * Usage: process_bench RUNS STATUS COMMAND [ARGUMENTS..]. Each run must end with STATUS.
 * Prints: median_ms best_ms max_rss_kib
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUNS 1000

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double run_once(char **command, int status, long *max_rss)
{
    double start = now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
            _exit(127);
        execvp(command[0], command);
        _exit(127);
    }
    int ended = 0;
    struct rusage use;
    if (pid < 0 || wait4(pid, &ended, 0, &use) != pid) {
        perror("process_bench");
        exit(1);
    }
    double spent = now_ms() - start;
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != status) {
        fprintf(stderr, "process_bench: %s: status %d, expected %d\n", command[0],
                WIFEXITED(ended) ? WEXITSTATUS(ended) : -1, status);
        exit(1);
    }
    if (use.ru_maxrss > *max_rss)
        *max_rss = use.ru_maxrss;
    return spent;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    long runs = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
    if (runs < 1 || runs > MAX_RUNS) {
        fprintf(stderr, "usage: process_bench RUNS STATUS COMMAND [ARGUMENTS..]\n");
        return 2;
    }
    int status = (int)strtol(argv[2], NULL, 10);
    static double ms[MAX_RUNS];
    long max_rss = 0;
    for (long i = 0; i < runs; i++)
        ms[i] = run_once(argv + 3, status, &max_rss);
    qsort(ms, (size_t)runs, sizeof *ms, by_value);
    printf("%.1f %.1f %ld\n", ms[runs / 2], ms[0], max_rss);
    return 0;
}
