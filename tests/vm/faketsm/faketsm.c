// SPDX-License-Identifier: GPL-2.0
/*
 * Test only: the two devices of a TDX guest on a machine that is none, both answered by a program
 * in user space (td_machine serve): configfs-tsm with the provider tdx_guest (linux/tsm.h, from 6.7
 * on), whose outblob is a quote, and /dev/tdx_guest with the ioctl TDX_CMD_GET_REPORT0
 * (linux/tdx-guest.h), whose answer is a TDREPORT. That device has its registers in sysfs, as of
 * Linux 6.16 (Documentation/ABI/testing/sysfs-devices-virtual-misc-tdx_guest):
 * measurements/rtmr0:sha384 to rtmr3:sha384, 48 bytes each, read from a TDREPORT; what is written
 * to 2 or 3 extends it.
 *
 *   read(/dev/faketsm)   blocks until something is asked: 1 byte, 'Q' for a quote, 'R' for a
 *                        TDREPORT, 'E' for an extend, and 64 bytes: report data, or for 'E' a
 *                        digest of 48 and the register's number
 *   write(/dev/faketsm)  answers it: the same letter, 1 byte errno (0: none), and then what was
 *                        asked for. For 'R' that is 1024 bytes, for 'E' nothing, no more and no
 *                        less: -EINVAL
 *
 * One question at a time. A question that nobody answers within `answer_seconds` fails with
 * -ETIMEDOUT, as the real driver's.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/tdx-guest.h>
#include <linux/tsm.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define QUOTE       'Q'
#define REPORT      'R'
#define EXTEND      'E'
#define HEAD        2
#define REQUEST_LEN (1 + TSM_INBLOB_MAX)
#define DIGEST_LEN  48
#define RTMR_AT     720 /* in a TDREPORT */

static unsigned int answer_seconds = 30;
module_param(answer_seconds, uint, 0644);

enum question_state { IDLE, ASKED, TAKEN, ANSWERED };

static DEFINE_MUTEX(asking); /* held by whoever asks, from question to answer */
static DEFINE_MUTEX(lock);   /* of what follows */
static DECLARE_WAIT_QUEUE_HEAD(changed);
static enum question_state state;
static u8 request[REQUEST_LEN];
static u8 *answer; /* with its head */
static size_t answer_len;

static void set_state(enum question_state new)
{
    WRITE_ONCE(state, new);
    wake_up_all(&changed);
}

/* ask: the answer without its head, for kvfree(), or -errno. */
static int ask(u8 kind, const u8 *report_data, u8 **out, size_t *out_len)
{
    long left;
    int rc = mutex_lock_interruptible(&asking);

    if (rc)
        return rc;
    mutex_lock(&lock);
    request[0] = kind;
    memcpy(request + 1, report_data, TSM_INBLOB_MAX);
    set_state(ASKED);
    mutex_unlock(&lock);

    left = wait_event_interruptible_timeout(changed, READ_ONCE(state) == ANSWERED,
                                            answer_seconds * HZ);
    mutex_lock(&lock);
    if (state != ANSWERED) {
        rc = left < 0 ? (int)left : -ETIMEDOUT;
    } else if (answer[1]) {
        rc = -(int)answer[1];
    } else {
        *out_len = answer_len - HEAD;
        memmove(answer, answer + HEAD, *out_len);
        *out = answer;
        answer = NULL;
    }
    kvfree(answer);
    answer = NULL;
    set_state(IDLE);
    mutex_unlock(&lock);
    mutex_unlock(&asking);
    return rc;
}

/* --- configfs-tsm --- */

static int report_new(struct tsm_report *report, void *data)
{
    u8 *quote = NULL;
    size_t len = 0;
    int rc;

    if (report->desc.inblob_len != TSM_INBLOB_MAX)
        return -EINVAL;
    rc = ask(QUOTE, report->desc.inblob, &quote, &len);
    if (rc)
        return rc;
    report->outblob = quote;
    report->outblob_len = len;
    return 0;
}

/* Those that the real driver shows. */
static bool attr_visible(int n)
{
    return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER;
}

static bool bin_attr_visible(int n)
{
    return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB;
}

static const struct tsm_ops ops = {
    .name = "tdx_guest",
    .report_new = report_new,
    .report_attr_visible = attr_visible,
    .report_bin_attr_visible = bin_attr_visible,
};

/* --- /dev/tdx_guest --- */

static long tdx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
    struct tdx_report_req __user *req = (void __user *)arg;
    u8 report_data[TDX_REPORTDATA_LEN];
    u8 *report = NULL;
    size_t len = 0;
    long rc;

    if (cmd != TDX_CMD_GET_REPORT0)
        return -ENOTTY;
    if (copy_from_user(report_data, req->reportdata, sizeof(report_data)))
        return -EFAULT;
    rc = ask(REPORT, report_data, &report, &len);
    if (!rc && copy_to_user(req->tdreport, report, TDX_REPORT_LEN))
        rc = -EFAULT;
    kvfree(report);
    return rc;
}

static const struct file_operations tdx_ops = {
    .owner = THIS_MODULE,
    .unlocked_ioctl = tdx_ioctl,
};

/* The attributes' .private: the register's number. */
static ssize_t read_rtmr(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
                         char *buffer, loff_t offset, size_t len)
{
    static const u8 nothing[TSM_INBLOB_MAX];
    u8 *report = NULL;
    size_t report_len = 0;
    int rc = ask(REPORT, nothing, &report, &report_len);

    if (!rc) /* sysfs keeps offset and len within the attribute's size */
        memcpy(buffer, report + RTMR_AT + DIGEST_LEN * (size_t)attr->private + offset, len);
    kvfree(report);
    return rc ? rc : (ssize_t)len;
}

static ssize_t write_rtmr(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
                          char *buffer, loff_t offset, size_t len)
{
    u8 what[TSM_INBLOB_MAX] = {0};
    u8 *none = NULL;
    size_t none_len = 0;
    int rc;

    if (offset || len != DIGEST_LEN)
        return -EINVAL;
    memcpy(what, buffer, DIGEST_LEN);
    what[DIGEST_LEN] = (u8)(size_t)attr->private;
    rc = ask(EXTEND, what, &none, &none_len);
    kvfree(none);
    return rc ? rc : (ssize_t)len;
}

#define RTMR(n, bits, writes)                                                                      \
    {                                                                                              \
        .attr = {.name = "rtmr" #n ":sha384", .mode = bits}, .size = DIGEST_LEN,                   \
        .private = (void *)n, .read = read_rtmr, .write = writes                                   \
    }
static struct bin_attribute rtmrs[] = {
    RTMR(0, 0444, NULL),
    RTMR(1, 0444, NULL),
    RTMR(2, 0644, write_rtmr),
    RTMR(3, 0644, write_rtmr),
};
static struct bin_attribute *measurements[] = {&rtmrs[0], &rtmrs[1], &rtmrs[2], &rtmrs[3], NULL};
static const struct attribute_group measurements_group = {
    .name = "measurements",
    .bin_attrs = measurements,
};
static const struct attribute_group *tdx_groups[] = {&measurements_group, NULL};

static struct miscdevice tdx_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "tdx_guest",
    .fops = &tdx_ops,
    .groups = tdx_groups,
};

/* --- /dev/faketsm --- */

static ssize_t take_request(struct file *file, char __user *buffer, size_t len, loff_t *offset)
{
    u8 copy[REQUEST_LEN];

    if (len < REQUEST_LEN)
        return -EINVAL;
    for (;;) {
        bool have;

        if (wait_event_interruptible(changed, READ_ONCE(state) == ASKED))
            return -ERESTARTSYS;
        mutex_lock(&lock);
        have = state == ASKED;
        if (have) {
            memcpy(copy, request, sizeof(copy));
            set_state(TAKEN);
        }
        mutex_unlock(&lock);
        if (have)
            return copy_to_user(buffer, copy, sizeof(copy)) ? -EFAULT : sizeof(copy);
    }
}

static ssize_t put_answer(struct file *file, const char __user *buffer, size_t len, loff_t *offset)
{
    ssize_t rc = len;
    u8 *bytes;

    if (len < HEAD || len > HEAD + TSM_OUTBLOB_MAX)
        return -EINVAL;
    bytes = kvmalloc(len, GFP_KERNEL);
    if (!bytes)
        return -ENOMEM;
    if (copy_from_user(bytes, buffer, len)) {
        kvfree(bytes);
        return -EFAULT;
    }
    mutex_lock(&lock);
    /* Whoever asked may have given up; then there is a new question, or none. */
    if (state != TAKEN || bytes[0] != request[0])
        rc = -ENOENT;
    else if (bytes[0] == REPORT && !bytes[1] && len != HEAD + TDX_REPORT_LEN)
        rc = -EINVAL;
    else if (bytes[0] == EXTEND && len != HEAD)
        rc = -EINVAL;
    if (rc > 0) {
        answer = bytes;
        answer_len = len;
        set_state(ANSWERED);
    } else {
        kvfree(bytes);
    }
    mutex_unlock(&lock);
    return rc;
}

static const struct file_operations server_ops = {
    .owner = THIS_MODULE,
    .read = take_request,
    .write = put_answer,
};

static struct miscdevice server_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "faketsm",
    .fops = &server_ops,
};

static int __init faketsm_init(void)
{
    int rc = misc_register(&server_device);

    if (rc)
        return rc;
    rc = misc_register(&tdx_device);
    if (rc)
        goto no_tdx_device;
    rc = tsm_register(&ops, NULL);
    if (rc)
        goto no_provider;
    return 0;

no_provider:
    misc_deregister(&tdx_device);
no_tdx_device:
    misc_deregister(&server_device);
    return rc;
}

static void __exit faketsm_exit(void)
{
    tsm_unregister(&ops);
    misc_deregister(&tdx_device);
    misc_deregister(&server_device);
    kvfree(answer);
}

module_init(faketsm_init);
module_exit(faketsm_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("test-only devices of a TDX guest, answered from user space");
